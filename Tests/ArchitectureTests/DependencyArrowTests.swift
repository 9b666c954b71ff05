import Testing

/// The targets' dependencies are those that the architecture draws, no more and no fewer.
struct DependencyArrowTests {
  @Test func everyDependencyBetweenTargetsIsDrawnInTheArchitecture() throws {
    let drawn = try DrawnArrows.documented().arrows
    for (target, dependencies) in try PackageManifest.dumped().arrows {
      let heads = try #require(drawn[target], "Docs/architecture.md doesn't draw the target \(target)")
      for dependency in dependencies.subtracting(heads).sorted() {
        Issue.record("\(target) -> \(dependency) is in Package.swift but not drawn in Docs/architecture.md")
      }
      for dependency in heads.subtracting(dependencies).sorted() {
        Issue.record("\(target) -> \(dependency) is drawn in Docs/architecture.md but not in Package.swift")
      }
    }
  }

  @Test func theArchitectureDrawsNoTargetThatIsNotThere() throws {
    let drawn = try DrawnArrows.documented().arrows
    let names = try PackageManifest.dumped().shippedNames
    for target in Set(drawn.keys).union(drawn.values.joined()).subtracting(names).sorted() {
      Issue.record("Docs/architecture.md draws \(target), which is no target")
    }
  }

  @Test func noArrowLeadsBackUp() throws {
    let cycle = try DrawnArrows.documented().cycle
    #expect(cycle == nil, "\((cycle ?? []).joined(separator: " -> "))")
  }

  @Test(arguments: ["EngineIO", "SocketIO", "Playback"])
  func whatDecidesDoesNoInputOrOutput(target: String) throws {
    let reached = try PackageManifest.dumped().outsideProducts(of: target)
    let allowed: Set<String> = ["NIOCore", "Collections"]
    #expect(reached.isSubset(of: allowed), "\(target) reaches \(reached.subtracting(allowed).sorted())")
  }

  @Test func anArrowThatIsNotDrawnIsFoundAndSoIsACircle() throws {
    let drawn = try DrawnArrows(markdown: "text\n```arrows\nA -> B, C\nB ->\n\nC -> A\n```\nmore")
    #expect(drawn.arrows == ["A": ["B", "C"], "B": [], "C": ["A"]])
    #expect(drawn.cycle == ["A", "C", "A"])
    #expect(throws: DrawnArrows.Failure.self) { try DrawnArrows(markdown: "no block") }
    #expect(throws: DrawnArrows.Failure.self) { try DrawnArrows(markdown: "```arrows\nA -> B\nA -> C\n```") }
  }
}
