namespace BucketProxy.Import.Patterns;

/// <summary>A pattern that is none, or one of a kind that is not understood here. The message says what is wrong.</summary>
internal sealed class PatternException(string message) : FormatException(message);
