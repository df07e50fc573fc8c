/// Completes names as resolv.conf(5) says.
enum SearchList {
  /// LIMIT: names that one question is tried with.
  private static let names = 12

  /// The full names to try, each with its final dot, in order.
  ///
  /// - Parameters:
  ///   - name: one that ends with a dot is complete.
  ///   - domains: `search` of resolv.conf(5).
  ///   - dots: its `ndots`: a name with fewer is completed first, and tried as it is last.
  static func names(for name: String, domains: [String], dots: Int) -> [String] {
    if name.hasSuffix(".") { return [name] }
    let completed = domains.filter { !$0.isEmpty && $0 != "." }.map { domain in
      "\(name).\(domain)\(domain.hasSuffix(".") ? "" : ".")"
    }.prefix(names - 1)
    let isLong = name.count { $0 == "." } >= dots
    return isLong ? ["\(name)."] + completed : completed + ["\(name)."]
  }
}
