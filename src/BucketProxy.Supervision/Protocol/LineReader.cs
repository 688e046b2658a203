using System.Text;

namespace BucketProxy.Supervision.Protocol;

/// <summary>Cuts what comes from a pipe into lines.</summary>
internal sealed class LineReader
{
    private readonly StringBuilder _rest = new();

    /// <summary>The lines that are whole with these bytes. What is no line is left out.</summary>
    public IReadOnlyList<Line> Add(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<Line>();
        foreach (var part in bytes)
        {
            if (part != '\n')
            {
                _rest.Append((char)part);
                continue;
            }
            if (Line.Read(_rest.ToString()) is { } line)
                lines.Add(line);
            _rest.Clear();
        }
        return lines;
    }
}
