using BucketProxy.Gateway.RequestLogging;

namespace BucketProxy.Gateway.Tests.RequestLogging;

public sealed class SecretFreeTargetTests
{
    [Theory]
    [InlineData("/dtables/x/?access_token=abc", "/dtables/x/?access_token=***")]
    [InlineData("/dtables/x/?a=1&Token=abc&b=2", "/dtables/x/?a=1&Token=***&b=2")]
    [InlineData("/x?%74oken=abc", "/x?%74oken=***")]
    [InlineData("/x?%2574oken=abc", "/x?%2574oken=***")]
    [InlineData("/x?a=1;password=abc;c=2", "/x?a=1;password=***;c=2")]
    [InlineData("/x?api_key=1&client-secret=2&X-Amz-Signature=3&jwt=4&auth=5", "/x?api_key=***&client-secret=***&X-Amz-Signature=***&jwt=***&auth=***")]
    [InlineData("/socket.io/?dtable_uuid=1&EIO=4&sid=abc&transport=polling", "/socket.io/?dtable_uuid=1&EIO=4&sid=***&transport=polling")]
    [InlineData("/x?q=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln", "/x?q=***")]
    [InlineData("/x?eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln", "/x?***")]
    [InlineData("/x/eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln/rows/", "/x/***/rows/")]
    [InlineData("/x?a=1?token=abc", "/x?a=1?token=***")]
    [InlineData("http://user:word@host/x", "http://***@host/x")]
    [InlineData("/x?token", "/x?token")]
    [InlineData("/x?token=", "/x?token=***")]
    [InlineData("/x?", "/x?")]
    [InlineData("/x?&&=&", "/x?&&=&")]
    [InlineData("/dtables/x/?table_name=Table1&filter=a%3Db", "/dtables/x/?table_name=Table1&filter=a%3Db")]
    [InlineData("*", "*")]
    [InlineData("", "")]
    public void Of_SecretsAreHidden_AllElseStays(string target, string expected) => Assert.Equal(expected, SecretFreeTarget.Of(target));
}
