using System.Text;
using System.Threading.Channels;

namespace BucketProxy.Tests.Hosting;

/// <summary>A writer whose lines can be awaited one by one.</summary>
internal sealed class LineWriter : TextWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (_line)
        {
            if (value == '\n')
            {
                _lines.Writer.TryWrite(_line.ToString().TrimEnd('\r'));
                _line.Clear();
            }
            else
            {
                _line.Append(value);
            }
        }
    }

    /// <summary>The next line. Fails when none comes.</summary>
    public async Task<string> NextLineAsync()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        return await _lines.Reader.ReadAsync(patience.Token);
    }
}
