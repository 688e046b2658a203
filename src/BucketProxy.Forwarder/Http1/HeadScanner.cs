namespace BucketProxy.Forwarder.Http1;

/// <summary>Finds the end of a message head while it comes in. Looks at each byte once.</summary>
internal struct HeadScanner
{
    private int _scanned;
    private int _line;

    /// <summary>Looks on.</summary>
    /// <param name="data">All that has come so far, from the head's first byte.</param>
    /// <returns>The length of the head with its empty line; 0 while that has not come.</returns>
    /// <exception cref="MalformedAnswerException">A line does not end in CRLF.</exception>
    public int Find(ReadOnlySpan<byte> data)
    {
        while (true)
        {
            var step = data[_scanned..].IndexOf((byte)'\n');
            if (step < 0)
            {
                _scanned = data.Length;
                return 0;
            }
            var end = _scanned + step;
            // A bare LF ends a line for some and not for others (RFC 9112 section 2.2).
            if (end == _line || data[end - 1] != '\r')
                throw new MalformedAnswerException("A line does not end in CRLF.");
            if (end - 1 == _line)
            {
                return _line > 0 ? end + 1 : throw new MalformedAnswerException("The answer begins with an empty line.");
            }
            _scanned = _line = end + 1;
        }
    }
}
