using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>Names of methods as a label: a client must not be able to make up new ones.</summary>
internal static class RequestMethods
{
    private const string Other = "_OTHER";

    public static string NameOf(string method) => HttpMethods.GetCanonicalizedValue(method) is var known
        && (HttpMethods.IsGet(known) || HttpMethods.IsPost(known) || HttpMethods.IsPut(known) || HttpMethods.IsDelete(known)
            || HttpMethods.IsPatch(known) || HttpMethods.IsHead(known) || HttpMethods.IsOptions(known) || HttpMethods.IsConnect(known)
            || HttpMethods.IsTrace(known)) ? known : Other;
}
