// What every official JavaScript client must be able to do with the server. Runs as it is in Node (see node.js) and in a
// page. Each scenario gets `connect(namespace, options)` and throws when something is wrong.
(function (root) {
  'use strict';

  const PATIENCE_MS = 20000;
  const TOKEN = 'open sesame';

  function check(condition, what) {
    if (!condition) throw new Error(what);
  }

  function same(got, wanted, what) {
    const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
    check(left === right, `${what}: got ${left?.slice(0, 200)}, wanted ${right.slice(0, 200)}`);
  }

  /** The next event of that name, or a failure. */
  function next(emitter, event) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${event} came`)), PATIENCE_MS);
      emitter.once(event, (...values) => {
        clearTimeout(timer);
        resolve(values);
      });
    });
  }

  /** Bytes that differ from place to place. */
  function bytes(count) {
    const made = new Uint8Array(count);
    for (let place = 0; place < count; place++) made[place] = (place * 31 + (place >> 8)) & 255;
    return made;
  }

  /** Whatever the client hands out for an attachment: ArrayBuffer or Node's Buffer. */
  function view(binary) {
    return binary instanceof ArrayBuffer ? new Uint8Array(binary) : new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength);
  }

  function sameBytes(got, wanted, what) {
    const left = view(got);
    check(left.length === wanted.length && left.every((byte, place) => byte === wanted[place]), `${what}: bytes differ`);
  }

  const scenarios = {
    async authAccepted({ connect }) {
      const socket = connect('/', { auth: { token: TOKEN } });
      await next(socket, 'connect');
      check(socket.id.length === 20, `id ${socket.id}`);
      check(socket.id !== socket.io.engine.id, 'the id gives the session away');
    },

    async authRefused({ connect }) {
      const socket = connect('/', { auth: { token: 'wrong' } });
      const [error] = await next(socket, 'connect_error');
      same([error.message, error.data], ['not authorized', { code: 'bad_token' }], 'refusal');
      check(!socket.connected, 'connected all the same');
    },

    async acksToTheServer({ open }) {
      const socket = await open();
      const values = ['text \u{1F3B5} "\\\n', 1, -2.5, true, null, [1, [2]], { a: { b: [] } }];
      const answer = await socket.timeout(PATIENCE_MS).emitWithAck('echo', values);
      same(answer, values, 'ack');
      await socket.timeout(PATIENCE_MS).emitWithAck('join', 'nothing to say');
    },

    async acksToTheClient({ open }) {
      const socket = await open();
      socket.on('question', (first, second, answer) => answer({ first, second }));
      const answer = await socket.timeout(PATIENCE_MS).emitWithAck('ask', 'a', { b: 1 });
      same(answer, { first: 'a', second: { b: 1 } }, 'answer');
    },

    async binaryBothWays({ open }) {
      const socket = await open();
      for (const size of [0, 1, 125, 126, 65535, 65536, 512 * 1024]) {
        const sent = bytes(size);
        sameBytes(await socket.timeout(PATIENCE_MS).emitWithAck('echo', sent), sent, `ack of ${size}`);
        socket.emit('repeat', { before: 1, deep: [{ data: sent }], after: 'x' }, sent.slice(-1000));
        const [object, second] = await next(socket, 'repeated');
        sameBytes(object.deep[0].data, sent, `event of ${size}`);
        sameBytes(second, sent.slice(-1000), `second attachment of ${size}`);
        same([object.before, object.after], [1, 'x'], 'beside the attachment');
      }
      socket.on('question', (data, answer) => answer(data));
      const asked = bytes(100000);
      sameBytes(await socket.timeout(PATIENCE_MS).emitWithAck('ask', asked), asked, 'ack of the client');
    },

    async namespaces({ open, connect }) {
      const root = await open();
      const free = connect('/open');
      same(await next(free, 'welcome'), ['/open'], 'welcome');
      const room = connect('/room-7');
      same(await next(room, 'welcome'), ['/room-7'], 'welcome');
      const nowhere = connect('/nowhere');
      const [error] = await next(nowhere, 'connect_error');
      same(error.message, 'Invalid namespace', 'refusal');
      same(await free.timeout(PATIENCE_MS).emitWithAck('echo', 'free'), 'free', 'ack');
      free.disconnect();
      same(await root.timeout(PATIENCE_MS).emitWithAck('echo', 'root'), 'root', 'ack');
      same(await room.timeout(PATIENCE_MS).emitWithAck('echo', 'room'), 'room', 'ack');
    },

    async everythingOnceAndInOrder({ connect }) {
      // Sent at once after connecting: with polling and WebSocket the upgrade happens in between.
      const socket = connect('/', { auth: { token: TOKEN } });
      const [numbers, repeated] = [[], []];
      socket.on('number', (number) => numbers.push(number));
      socket.on('repeated', (number) => repeated.push(number));
      await next(socket, 'connect');
      socket.emit('count', 300);
      for (let number = 0; number < 300; number++) {
        socket.emit('repeat', number);
        if (number % 50 === 0) await socket.timeout(PATIENCE_MS).emitWithAck('echo', number);
      }
      await socket.timeout(PATIENCE_MS).emitWithAck('echo', 'all');
      const wanted = Array.from({ length: 300 }, (_, number) => number);
      same(numbers, wanted, "the server's");
      same(repeated, wanted, "the client's");
    },

    async rooms({ open }) {
      const [first, second] = [await open(), await open()];
      await first.timeout(PATIENCE_MS).emitWithAck('join', 'booth');
      const told = next(first, 'told');
      second.on('told', () => check(false, 'told somebody outside'));
      await second.timeout(PATIENCE_MS).emitWithAck('tell', 'booth', 'hello');
      same(await told, ['hello'], 'told');
      await second.timeout(PATIENCE_MS).emitWithAck('echo', 'after');
    },

    async thrownOut({ open }) {
      const socket = await open();
      const gone = next(socket, 'disconnect');
      socket.emit('leave me', false);
      same((await gone)[0], 'io server disconnect', 'reason');
      socket.connect();
      await next(socket, 'connect');
    },

    async comesBackAfterALostConnection({ open }) {
      const socket = await open();
      const [gone, back] = [next(socket, 'disconnect'), next(socket.io, 'reconnect')];
      socket.io.engine.close();
      await gone;
      await back;
      if (!socket.connected) await next(socket, 'connect');
      same(await socket.timeout(PATIENCE_MS).emitWithAck('echo', 'again'), 'again', 'ack');
    },
  };

  const recovery = {
    async isGivenBackWhatItMissed({ open }) {
      const [socket, other] = [await open(), await open()];
      check(!socket.recovered, 'recovered at first');
      await socket.timeout(PATIENCE_MS).emitWithAck('join', 'booth');
      const heard = next(socket, 'told');
      await other.timeout(PATIENCE_MS).emitWithAck('tell', 'booth', 'heard');
      await heard;
      const [id, missed] = [socket.id, []];
      socket.on('told', (text) => missed.push(text));
      const gone = next(socket, 'disconnect');
      socket.io.engine.close();
      await gone;
      for (const text of ['one', 'two']) await other.timeout(PATIENCE_MS).emitWithAck('tell', 'booth', text);
      await next(socket, 'connect');
      check(socket.recovered, 'not recovered');
      same(socket.id, id, 'id');
      same(missed, ['one', 'two'], 'missed');
      await other.timeout(PATIENCE_MS).emitWithAck('tell', 'booth', 'still in the room');
      while (missed.length < 3) await next(socket, 'told');
      same(missed[2], 'still in the room', 'room');
    },
  };

  // What only the official client does.
  const official = {
    async leavesAndComesAgainBeforeTheAnswer({ open, connect }) {
      const root = await open();
      let ended;
      root.on('disconnect', (reason) => (ended = reason));
      for (const namespace of ['/slow', '/open', '/slow', '/open']) {
        const socket = connect.sameManager(namespace);
        const back = next(socket, 'welcome');
        for (let round = 0; round < 3; round++) socket.connect().disconnect();
        socket.connect();
        await back;
        same(await socket.timeout(PATIENCE_MS).emitWithAck('echo', 'in'), 'in', 'ack');
        const told = new Promise((resolve) => socket.once('told', resolve));
        socket.emit('tell all', 'once');
        await told;
        socket.on('told', () => check(false, 'told twice'));
        same(await socket.timeout(PATIENCE_MS).emitWithAck('echo', 'still'), 'still', 'ack');
        same(await root.timeout(PATIENCE_MS).emitWithAck('echo', 'root'), 'root', 'ack');
        socket.off();
        socket.disconnect();
      }
      check(ended === undefined, `the other namespace ended: ${ended}`);
    },

    async base64WhereverItTravels({ connect }) {
      const socket = connect('/', { auth: { token: TOKEN }, forceBase64: true });
      await next(socket, 'connect');
      for (const size of [0, 1, 2, 3, 4096, 100000]) {
        const sent = bytes(size);
        sameBytes(await socket.timeout(PATIENCE_MS).emitWithAck('echo', sent), sent, `ack of ${size}`);
        socket.emit('repeat', sent);
        sameBytes((await next(socket, 'repeated'))[0], sent, `event of ${size}`);
      }
    },
  };

  const officialRecovery = {
    async isRecoveredThoughItWasToldNothing({ open }) {
      const [socket, other] = [await open(), await open()];
      await socket.timeout(PATIENCE_MS).emitWithAck('join', 'quiet');
      await lose(socket, () => other.timeout(PATIENCE_MS).emitWithAck('tell', 'quiet', 'first'), ['first']);
    },

    async isRecoveredBehindAVolatileString({ open }) {
      const [socket, other] = [await open(), await open()];
      await socket.timeout(PATIENCE_MS).emitWithAck('join', 'loud');
      const heard = next(socket, 'told');
      await other.timeout(PATIENCE_MS).emitWithAck('tell', 'loud', 'heard');
      await heard;
      const status = next(socket, 'status');
      await other.timeout(PATIENCE_MS).emitWithAck('tell volatile', 'loud', 'connected');
      same(await status, ['connected'], 'a volatile event has no offset');
      await lose(socket, () => other.timeout(PATIENCE_MS).emitWithAck('tell', 'loud', 'missed'), ['missed']);
    },
  };

  /** Cuts the connection, lets others talk meanwhile, and looks at what the client is given when it's back. */
  async function lose(socket, talk, wanted) {
    const [id, missed] = [socket.id, []];
    socket.on('told', (text) => missed.push(text));
    const gone = next(socket, 'disconnect');
    socket.io.engine.close();
    await gone;
    await talk();
    await next(socket, 'connect');
    check(socket.recovered && socket.id === id, 'not recovered');
    while (missed.length < wanted.length) await next(socket, 'told');
    same(missed, wanted, 'missed');
  }

  /** A client for one run: what is opened here is closed by `close`. */
  function session(io, url, transports) {
    const options = { transports, forceNew: true, reconnectionDelay: 200, reconnectionDelayMax: 500 };
    const managers = new Set();
    let manager;
    function connect(namespace, { auth, forceBase64 } = {}) {
      // Namespaces share a connection as in a real page; a second socket of the same one gets its own.
      if (!manager || manager._taken.has(namespace)) {
        manager = new io.Manager(url, { ...options, forceBase64 });
        manager._taken = new Set();
        managers.add(manager);
      }
      manager._taken.add(namespace);
      return manager.socket(namespace, { auth: auth ?? {} });
    }
    /** The namespace's one socket over the connection that there is, not connected yet. */
    connect.sameManager = (namespace) => {
      const socket = manager.socket(namespace, { auth: {} });
      socket.disconnect();
      return socket;
    };
    async function open() {
      const socket = connect('/', { auth: { token: TOKEN } });
      await next(socket, 'connect');
      return socket;
    }
    function close() {
      for (const manager of managers) {
        manager.reconnection(false);
        manager.engine?.close();
      }
    }
    return { connect, open, close };
  }

  /** Runs one scenario. `transports` as the client takes them. */
  async function run(io, url, transports, name) {
    const client = session(io, url, transports);
    try {
      await { ...scenarios, ...recovery, ...official, ...officialRecovery }[name](client);
    } finally {
      client.close();
    }
  }

  let held;
  /** For a server that is killed: holds a connection… */
  async function hold(io, url, transports) {
    held = session(io, url, transports);
    held.socket = await held.open();
    held.back = next(held.socket.io, 'reconnect');
  }

  /** … and returns when it has come back by itself. */
  async function comeBack() {
    await held.back;
    if (!held.socket.connected) await next(held.socket, 'connect');
    same(await held.socket.timeout(PATIENCE_MS).emitWithAck('echo', 'again'), 'again', 'ack');
    held.close();
  }

  root.scenarios = {
    names: Object.keys(scenarios),
    recovery: Object.keys(recovery),
    official: Object.keys(official),
    officialRecovery: Object.keys(officialRecovery),
    run,
    hold,
    comeBack,
  };
})(globalThis);
