import ArgumentParser

@main
struct LandscapeTool: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "landscape")
}
