namespace BucketProxy.Supervision;

/// <summary>How a program ended. When this is known, no process of it is left.</summary>
/// <param name="ExitCode">The program's exit code; null if a signal ended it, or if nobody could read it.</param>
/// <param name="Signal">The signal that ended the program; null if it ended by itself.</param>
/// <param name="WasStopped"><see cref="SupervisedProcess.Stop"/> had been called before it ended.</param>
/// <param name="WasKilled">It did not end by itself in time: it, or something that it had started and that was to stop with it, was killed.</param>
/// <param name="Reason">In words, for logs.</param>
public sealed record ProcessExit(int? ExitCode, int? Signal, bool WasStopped, bool WasKilled, string Reason);
