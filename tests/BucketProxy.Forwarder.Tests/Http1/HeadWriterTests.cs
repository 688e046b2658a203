using System.Text;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Tests.Http1;

public sealed class HeadWriterTests
{
    [Theory]
    [InlineData("a\rb")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void Field_ValueWouldEndTheLine_Throws(string value)
    {
        var writer = new HeadWriter();

        Assert.Throws<FormatException>(() => writer.Field("X", value));

        Assert.Equal(0, writer.Length);
        writer.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("X Y")]
    [InlineData("X:")]
    [InlineData("X\r\nY")]
    [InlineData("\u00e9")]
    public void Field_NameIsNoToken_LeftOut(string name)
    {
        var writer = new HeadWriter();

        writer.Field(name, "1");

        Assert.Equal(0, writer.Length);
        writer.Dispose();
    }

    [Fact]
    public void Write_MoreThanTheFirstBuffer_AllOfItInOrder()
    {
        var writer = new HeadWriter();
        var expected = new StringBuilder();
        for (var i = 0; i < 1000; i++)
        {
            writer.Field("X-Number", "caf\u00e9");
            writer.Write(i);
            writer.Write("\r\n"u8);
            expected.Append("X-Number: caf\u00e9\r\n").Append(i).Append("\r\n");
        }

        Assert.Equal(expected.ToString(), Encoding.Latin1.GetString(writer.Written.Span));
        writer.Dispose();
    }
}
