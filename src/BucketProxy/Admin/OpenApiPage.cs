namespace BucketProxy.Admin;

/// <summary>The description of the API at <c>/openapi/v1.json</c>, generated from the routes themselves.</summary>
internal static class OpenApiPage
{
    public static void Add(IServiceCollection services) => services.AddOpenApi("v1", openApi =>
        openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "BucketProxy";
            document.Info.Version = AdminContext.Version;
            document.Info.Description = "The operators' API. What changes something needs the admin token, where one is set: Authorization: Bearer TOKEN.";
            // Where it is reached is the reader's business: the same file serves every instance.
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
}
