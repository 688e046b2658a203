using System.Security.Cryptography;

namespace BucketProxy.Commands;

/// <summary>A start that failed for what an operator can mend: said in one line, without a stack.</summary>
internal static class StartFailure
{
    /// <summary>Whether an exception is such a failure: a port, a directory or a file. Anything else is a defect, whose stack is wanted.</summary>
    public static bool IsOperators(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDataException or CryptographicException;

    /// <summary>The line.</summary>
    public static string Line(Exception e) => $"It cannot be started: {e.Message.ReplaceLineEndings(" ")}";
}
