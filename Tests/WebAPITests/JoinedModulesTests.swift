import Testing

@testable import WebAPI

/// Modules that become one.
@Suite struct JoinedModulesTests {
  @Test func eachStandsOnceInFrontOfWhoNeedsIt() throws {
    let joined = try JoinedModules.joined(
      "js/main.js",
      sources: [
        "js/main.js":
          "import { b } from './a/b.js';\nimport { c as d } from './c.js';\nimport * as all from './c.js';\nb(d, all.c);\n",
        "js/a/b.js": "import { c } from '../c.js';\nexport function b(x) { return c + x; }\nexport class E {}\n",
        "js/c.js": "/** Three. */\nexport const c = 3;\n// No more.\n",
        "js/other.js": "never",
      ])
    #expect(
      joined == """
        const m0 = {};
        {
        const c = 3;

        Object.assign(m0, { c });
        }
        const m1 = {};
        {
        const { c } = m0;
        function b(x) { return c + x; }
        class E {}

        Object.assign(m1, { b, E });
        }
        const m2 = {};
        {
        const { b } = m1;
        const { c: d } = m0;
        const all = m0;
        b(d, all.c);

        Object.assign(m2, {  });
        }

        """)
  }

  @Test func namesMayStandOnLinesOfTheirOwn() throws {
    let sources = ["a.js": "import {\n  b,\n  c as d,\n} from './b.js';\nb(d);", "b.js": "export const b = 1;"]
    let joined = try JoinedModules.joined("a.js", sources: sources)
    #expect(joined.contains("const {   b,   c: d, } = m0;\nb(d);"))
  }

  @Test func anAddressBesideAModuleStaysWhereItWas() throws {
    let joined = try JoinedModules.joined(
      "js/main.js",
      sources: [
        "js/main.js": "import { url } from './audio/output.js';",
        "js/audio/output.js": "export const url = new URL('./worklet.js', import.meta.url);",
      ])
    #expect(joined.contains("new URL('./worklet.js', new URL('../js/audio/output.js', import.meta.url).href)"))
  }

  @Test(arguments: [
    "/* a */", "/** a */", "// a", "  // a", "  /* a */", "/**\n * import { a } from 'b';\n */", "/*\n`\n*/",
  ])
  func commentsOnLinesOfTheirOwnAreLeftOut(_ comment: String) throws {
    let plain = try JoinedModules.joined("a.js", sources: ["a.js": "f();\ng();"])
    #expect(try JoinedModules.joined("a.js", sources: ["a.js": "f();\n\(comment)\ng();"]) == plain)
  }

  @Test(arguments: [
    "f(/* a */);", "/** @type {A} */ (a).b();", "x = `\n// a\n/* b */\n`;", "x = `\n * a\n`;", "  * 2;", "f('// a');",
  ])
  func codeStays(_ code: String) throws {
    #expect(try JoinedModules.joined("a.js", sources: ["a.js": code]).contains("{\n\(code)\nObject"))
  }

  @Test(arguments: [
    ["a.js": "import { b } from './b.js';"],
    ["a.js": "import { b } from './b.js';", "b.js": "import { a } from './a.js';"],
    ["a.js": "import { a } from './a.js';"],
    ["a.js": "import b from './b.js';", "b.js": ""],
    ["a.js": "import { b } from './b.js'", "b.js": ""],
    ["a.js": "export default 3;"],
    ["a.js": "export { b };"],
    ["a.js": "export * from './b.js';", "b.js": ""],
    ["a.js": "export const { b } = c;"],
  ])
  func anotherStyleIsAnError(_ sources: [String: String]) {
    #expect(throws: JoinedModules.Failure.self) { try JoinedModules.joined("a.js", sources: sources) }
  }
}
