namespace BucketProxy.GateBench.Requests;

/// <summary>A way from a client to the server.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Port">Where the client begins.</param>
/// <param name="Gate">The gate's process on the way; null: there is none.</param>
/// <param name="Proxy">The proxy's process on the way; null: there is none.</param>
/// <param name="Beside">The name of the way that it is compared with: the same without its last addition.</param>
internal sealed record Way(string Name, int Port, int? Gate = null, int? Proxy = null, string? Beside = null);

/// <summary>What one run over a way gave.</summary>
/// <param name="Median">Milliseconds.</param>
/// <param name="Percentile99">Milliseconds.</param>
/// <param name="GateCpu">Microseconds of the gate's process for each request.</param>
/// <param name="ProxyCpu">Microseconds of the proxy's process for each request.</param>
internal sealed record Run(double Median, double Percentile99, double? GateCpu, double? ProxyCpu);
