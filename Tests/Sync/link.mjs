// A slow link in user space, where the kernel has no netem: relays TCP, and holds back what passes.
//
//   node link.mjs '{"to": {"host": …, "port": …}, "up": [ms, ± ms], "down": [ms, ± ms], "loss": share}'
//
// Writes {"port": …} when it listens. A piece that is "lost" comes a retransmission later (a round trip and 200 ms, the
// least that Linux waits), and what is behind it waits: that is what TCP makes of loss. Order is kept.
import { connect, createServer } from 'node:net';

const { to, up = [0, 0], down = [0, 0], loss = 0 } = JSON.parse(process.argv[2]);
const RETRANSMISSION_MS = 200 + up[0] + down[0];

/** @param {import('node:net').Socket} from @param {import('node:net').Socket} into @param {number[]} delay */
function relay(from, into, [mean, spread]) {
  let free = 0;
  /** @type {Buffer[]} in order, whatever order timers of the same millisecond fire in */
  const held = [];
  from.on('data', (data) => {
    const late = Math.random() < loss ? RETRANSMISSION_MS : 0;
    const due = performance.now() + Math.max(mean + (Math.random() * 2 - 1) * spread, 0) + late;
    free = Math.max(free, due);
    held.push(data);
    setTimeout(() => into.writable && into.write(held.shift()), free - performance.now());
  });
  const end = () => setTimeout(() => into.destroy(), Math.max(free - performance.now(), 0) + 1);
  from.on('close', end);
  from.on('error', end);
}

const server = createServer((client) => {
  client.setNoDelay(true);
  const upstream = connect({ ...to, noDelay: true });
  relay(client, upstream, up);
  relay(upstream, client, down);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify(server.address())}\n`));
