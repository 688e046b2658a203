// YARP as its guide shows it: MapReverseProxy, two clusters, routes by the first character of the UUID, nothing tuned.
// Arguments: PORT NODE1 NODE2 [direct]
// "direct": the same, with the two lines that put BucketProxy.Forwarder below it.
using Yarp.ReverseProxy.Configuration;

string[] digits = [.. "0123456789".Select(c => c.ToString())];
string[] letters = [.. "abcdefABCDEF".Select(c => c.ToString())];

var builder = WebApplication.CreateBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var proxy = builder.Services.AddReverseProxy().LoadFromMemory(
    [
        Route("digits", "^[0-9]"), Sockets("digits", digits),
        Route("letters", "^[a-fA-F]"), Sockets("letters", letters),
    ],
    [Cluster("digits", args[1]), Cluster("letters", args[2])]);
if (args is [.., "direct"])
{
    proxy.AddDirectForwarder();
    builder.WebHost.UseLoopTransport();
}
var app = builder.Build();
app.Urls.Add($"http://127.0.0.1:{args[0]}");
app.MapReverseProxy();
app.Run();

static RouteConfig Route(string cluster, string head) => new()
{
    RouteId = cluster,
    ClusterId = cluster,
    Match = new RouteMatch { Path = $"/api/v1/dtables/{{base:regex({head})}}/{{**rest}}" },
};

static RouteConfig Sockets(string cluster, string[] heads) => new()
{
    RouteId = cluster + "-sockets",
    ClusterId = cluster,
    Match = new RouteMatch
    {
        Path = "/socket.io/{**rest}",
        QueryParameters =
        [
            new RouteQueryParameter { Name = "dtable_uuid", Mode = QueryParameterMatchMode.Prefix, Values = heads },
        ],
    },
};

static ClusterConfig Cluster(string id, string node) => new()
{
    ClusterId = id,
    Destinations = new Dictionary<string, DestinationConfig> { ["node"] = new() { Address = $"http://{node}/" } },
};
