/// Plain numbers that only grow, kept by the reactor; a copy is handed out.
public struct ProxyCounters: BitwiseCopyable, Sendable, Equatable {
  /// Client connections accepted.
  public var connections: UInt64 = 0
  /// Requests whose head was read.
  public var requests: UInt64 = 0
  /// Attempts on backends.
  public var attempts: UInt64 = 0
  /// Attempts after the first, on another backend.
  public var failovers: UInt64 = 0
  /// Attempts repeated on the same backend, after a reused connection had closed.
  public var retries: UInt64 = 0
  /// Answers put aside for another backend's: statuses, errors inside a stream, timeouts.
  public var rejections: UInt64 = 0
  /// Requests that went on to another model, its own backends being spent.
  public var fallbacks: UInt64 = 0
  /// Requests that were made to name another model: an alias's, or a fallback.
  public var rewrittenModels: UInt64 = 0
  /// LIMIT hit: the retry budget; the failure went to the client.
  public var retryBudgetLimit: UInt64 = 0
  /// Heads of streams that went out before their content.
  public var earlyHeads: UInt64 = 0
  /// Answers that were cut after COMMIT.
  public var truncated: UInt64 = 0
  /// Exchanges that their client left.
  public var clientsGone: UInt64 = 0
  /// Answers that a backend was left to finish after their client had gone.
  public var finishedForNobody: UInt64 = 0
  /// LIMIT hit: `leftoverShare`; the backend was told to stop.
  public var leftoverLimit: UInt64 = 0
  /// LIMIT hit: `firstByte` or `idle` of an answer that nobody waited for, or the drain's time; the
  /// backend was told to stop.
  public var leftoverTimeouts: UInt64 = 0
  /// Requests for a WebSocket.
  public var tunnels: UInt64 = 0
  /// LIMIT hit: `ProxyTimeouts.tunnelIdle`.
  public var tunnelIdleLimit: UInt64 = 0
  /// Connections opened to backends.
  public var upstreamConnections: UInt64 = 0
  /// Requests that went out on a pooled connection.
  public var upstreamReuses: UInt64 = 0
  /// Access records dropped because the writer was behind.
  public var droppedRecords: UInt64 = 0

  /// LIMIT hit: a head, field or request line bound of the parser.
  public var headLimit: UInt64 = 0
  /// LIMIT hit: `body`.
  public var bodyLimit: UInt64 = 0
  /// LIMIT hit: `bodiesTotal`; the request waited.
  public var bodiesTotalWaits: UInt64 = 0
  /// LIMIT hit: `bodiesTotal`, for longer than `ProxyTimeouts.queue`; the request was refused.
  public var bodiesTotalLimit: UInt64 = 0
  /// Requests that waited for a place at a backend.
  public var queueWaits: UInt64 = 0
  /// LIMIT hit: `SelectionOptions.queue`; the request was refused.
  public var queueLimit: UInt64 = 0
  /// LIMIT hit: `ProxyTimeouts.queue`, while it waited for a place; the request was refused.
  public var queueTimeouts: UInt64 = 0
  /// Uploads that streamed on before they were whole.
  public var streamedUploads: UInt64 = 0
  /// LIMIT hit: `heldResponse`, an event longer than may be held.
  public var heldLimit: UInt64 = 0
  /// LIMIT hit: `connections`, or the process's descriptors: accepting paused.
  public var acceptPauses: UInt64 = 0
  /// Connections handed over by a host program that were closed: no room, or a drain.
  public var handedRefused: UInt64 = 0
  /// Reading from a backend paused above `writeQueue`.
  public var writeQueuePauses: UInt64 = 0
  /// LIMIT hit: a deadline of the client's side (head, body, write).
  public var downstreamTimeouts: UInt64 = 0
  /// LIMIT hit: a deadline of a backend's side (connect, first byte, idle).
  public var upstreamTimeouts: UInt64 = 0
  /// LIMIT hit: `lingerBytes` or the linger's time.
  public var lingerLimit: UInt64 = 0
  /// LIMIT hit: no descriptor was left for a connection to a backend.
  public var connectExhaustion: UInt64 = 0
  /// Idle connections to backends that were closed because no descriptor was left.
  public var descriptorEvictions: UInt64 = 0
  /// Connects that failed for a reason on this machine, such as a lack of local ports.
  public var connectTroubles: UInt64 = 0
  /// LIMIT hit: `hops`.
  public var loops: UInt64 = 0
  /// Answers that said that the backend doesn't have the path.
  public var unservedPaths: UInt64 = 0
  /// Requests without a key, or with what is none.
  public var refusedKeys: UInt64 = 0
  /// Requests for models that their key doesn't allow.
  public var refusedModels: UInt64 = 0
  /// LIMIT hit: `ClientKey.requestsPerMinute`.
  public var keyRateLimit: UInt64 = 0
  /// LIMIT hit: `ClientKey.concurrent`.
  public var keyConcurrencyLimit: UInt64 = 0
  /// LIMIT hit: `ProxyLimits.metricsOrders`; the look at the metrics was refused.
  public var metricsLimit: UInt64 = 0
  /// Requests of pages whose origin isn't allowed.
  public var refusedOrigins: UInt64 = 0
  /// Requests to a name that isn't this machine's.
  public var refusedHosts: UInt64 = 0
  /// LIMIT hit: `idlePerBackend`.
  public var idlePoolLimit: UInt64 = 0
  /// Waits for events that ended while the loop polled.
  public var spinHits: UInt64 = 0
  /// Waits for which the loop went to sleep after it had polled.
  public var spinMisses: UInt64 = 0

  /// All zero.
  public init() {}

  /// Limits that were hit, by name.
  public var limitHits: [(name: String, count: UInt64)] {
    [
      ("retry_budget", retryBudgetLimit), ("head", headLimit), ("body", bodyLimit),
      ("bodies_total", bodiesTotalLimit), ("queue", queueLimit),
      ("queue_timeout", queueTimeouts), ("held_response", heldLimit),
      ("connections", acceptPauses), ("handed_connections", handedRefused),
      ("downstream_timeout", downstreamTimeouts), ("upstream_timeout", upstreamTimeouts),
      ("linger", lingerLimit), ("connect_descriptors", connectExhaustion),
      ("hops", loops), ("idle_per_backend", idlePoolLimit),
      ("tunnel_idle", tunnelIdleLimit), ("leftover", leftoverLimit),
      ("leftover_timeout", leftoverTimeouts),
      ("key_rate", keyRateLimit), ("key_concurrency", keyConcurrencyLimit),
      ("metrics", metricsLimit),
    ]
  }

  /// Requests that were refused for who asks, by reason.
  public var refusals: [(name: String, count: UInt64)] {
    [
      ("origin", refusedOrigins), ("host", refusedHosts), ("key", refusedKeys),
      ("model", refusedModels),
    ]
  }

  /// What else is counted: name without `_total`, what it means, and how often.
  public var totals: [(name: String, help: String, count: UInt64)] {
    [
      ("downstream_accepted", "Client connections accepted.", connections),
      ("request_heads", "Requests whose head was read.", requests),
      ("upstream_opened", "Connections opened to backends.", upstreamConnections),
      ("upstream_reuses", "Requests that went out on a pooled connection.", upstreamReuses),
      ("fallbacks", "Requests that went on to another model.", fallbacks),
      ("rewritten_models", "Requests that were made to name another model.", rewrittenModels),
      ("early_heads", "Heads of streams that went out before their content.", earlyHeads),
      ("finished_for_nobody", "Answers that were finished for nobody.", finishedForNobody),
      ("tunnels", "Requests for a WebSocket.", tunnels),
      ("bodies_waited", "Request bodies that waited for memory.", bodiesTotalWaits),
      ("queue_waited", "Requests that waited for a place at a backend.", queueWaits),
      ("streamed_uploads", "Uploads that streamed on before they were whole.", streamedUploads),
      ("write_queue_pauses", "Pauses of reading from a backend.", writeQueuePauses),
      ("descriptor_evictions", "Idle connections closed for descriptors.", descriptorEvictions),
      ("connect_troubles", "Connects that failed for a local reason.", connectTroubles),
      ("unserved_paths", "Answers that a backend doesn't have a path.", unservedPaths),
      ("spin_hits", "Waits of the loop that ended while it polled.", spinHits),
      ("spin_misses", "Waits for which the loop slept after it had polled.", spinMisses),
    ]
  }

  /// What tells of trouble: limits that were hit, and failures, by name.
  public var troubles: [(name: String, count: UInt64)] {
    [
      ("truncated", truncated), ("clients_gone", clientsGone), ("failovers", failovers),
      ("fallbacks", fallbacks),
      ("dropped_records", droppedRecords), ("retry_budget_limit", retryBudgetLimit),
      ("head_limit", headLimit), ("body_limit", bodyLimit),
      ("bodies_total_waits", bodiesTotalWaits), ("bodies_total_limit", bodiesTotalLimit),
      ("queue_waits", queueWaits), ("queue_limit", queueLimit), ("queue_timeouts", queueTimeouts),
      ("held_limit", heldLimit), ("accept_pauses", acceptPauses),
      ("handed_refused", handedRefused),
      ("write_queue_pauses", writeQueuePauses), ("downstream_timeouts", downstreamTimeouts),
      ("upstream_timeouts", upstreamTimeouts), ("linger_limit", lingerLimit),
      ("descriptor_evictions", descriptorEvictions), ("connect_exhaustion", connectExhaustion),
      ("connect_troubles", connectTroubles),
      ("loops", loops), ("refused_origins", refusedOrigins), ("refused_hosts", refusedHosts),
      ("refused_keys", refusedKeys), ("refused_models", refusedModels),
      ("key_rate_limit", keyRateLimit), ("key_concurrency_limit", keyConcurrencyLimit),
      ("metrics_limit", metricsLimit),
      ("idle_pool_limit", idlePoolLimit), ("tunnel_idle_limit", tunnelIdleLimit),
      ("leftover_limit", leftoverLimit), ("leftover_timeouts", leftoverTimeouts),
    ]
  }
}
