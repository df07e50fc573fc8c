import ArgumentParser
import Logging

/// The least severe events that are logged.
enum LogLevel: String, CaseIterable, ExpressibleByArgument, Comparable {
  case debug, info, notice, warning, error

  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }

  static func < (a: LogLevel, b: LogLevel) -> Bool { a.level < b.level }
}
