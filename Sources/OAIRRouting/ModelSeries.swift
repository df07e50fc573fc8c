import Synchronization

/// Numbers for the models that metrics tell apart: one for each name that a table has had, the same
/// in all tables of a registry.
///
/// Only what backends list or the configuration names gets a number, never what a client asks for.
/// Numbers are given out by the registry, on its queue; whoever renders metrics reads the names.
public final class ModelSeries: Sendable {
  /// LIMIT: models with a number of their own; what comes later shares `other`.
  public static let capacity = 4096
  /// The number of every model that isn't known.
  public static let unknown: Int32 = 0
  /// The number of models beyond `capacity`.
  public static let other: Int32 = 1
  /// Numbers are below it.
  public static let end = capacity + 2

  private struct State {
    var numbers = ["__unknown__": ModelSeries.unknown, "__other__": ModelSeries.other]
    var names = ["__unknown__", "__other__"]
  }

  private let state = Mutex(State())

  /// No model has a number of its own.
  public init() {}

  /// The numbers of models, new ones for those that have none.
  ///
  /// - Parameter names: canonical names.
  func numbers(of names: some Sequence<String>) -> [Int32] {
    state.withLock { state in
      names.map { name in
        if let number = state.numbers[name] { return number }
        guard state.names.count < Self.end else { return Self.other }
        let number = Int32(state.names.count)
        state.numbers[name] = number
        state.names.append(name)
        return number
      }
    }
  }

  /// The names by number.
  ///
  /// Callable from any thread.
  public var names: [String] { state.withLock { $0.names } }
}
