using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>What the runtime's client makes of <see cref="MalformedAnswers"/>, seen through YARP's forwarder: the documented difference.</summary>
internal static class YarpReads
{
    /// <summary>Answered 502, or cut before its end.</summary>
    public const string Refused = "refused";

    private static readonly Dictionary<string, string> Taken = new()
    {
        ["bare LF behind the status line"] = "200 ",
        ["bare LF behind a header"] = "200 ",
        ["bare LF at the end"] = "200 ",
        ["bare CR in a value"] = "200 ",
        ["NUL in a value"] = "200 ",
        ["folded header"] = "200 ",
        ["folded Content-Length"] = "200 abcde",
        ["space before the colon"] = "200 abcde",
        ["chunk size with a space"] = "200 abc",
        ["chunk size ended by LF"] = "200 abc",
        ["chunk ended by LF"] = "200 abc",
        ["trailer ended by LF"] = "200 ",
        ["headers without end"] = "200 ",
    };

    /// <summary>Status and body of an answer that is taken; else <see cref="Refused"/>.</summary>
    public static string Outcome(string shape) => Taken.GetValueOrDefault(shape, Refused);

    /// <summary>What a client gets.</summary>
    public static async Task<string> SeeAsync(RawClient client)
    {
        try
        {
            var response = await client.ReadResponseAsync();
            return response.Status == 502 ? Refused : $"{response.Status} {response.Text}";
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            return Refused;
        }
    }
}
