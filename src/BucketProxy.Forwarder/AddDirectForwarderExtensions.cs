using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Forwarder.Transforms;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Configuration.ClusterValidators;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Sets the direct forwarder up.</summary>
public static class AddDirectForwarderExtensions
{
    /// <summary>
    /// Forwards by this library in place of YARP's own forwarder. Clusters that want what it does not do, such as HTTP/2 to destinations, are refused when they
    /// are configured.
    /// </summary>
    /// <param name="builder">The reverse proxy.</param>
    /// <param name="configure">Sets what is to differ from the defaults, for every cluster.</param>
    /// <exception cref="ArgumentException">A setting cannot work.</exception>
    public static IReverseProxyBuilder AddDirectForwarder(this IReverseProxyBuilder builder, Action<DirectHttpClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new DirectHttpClientOptions();
        configure?.Invoke(options);
        options.ThrowIfInvalid();
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.Replace(ServiceDescriptor.Singleton<IHttpForwarder, DirectForwarder>());
        services.Replace(ServiceDescriptor.Singleton<IForwarderHttpClientFactory>(
            s => new DirectHttpClientFactory(options, s.GetRequiredService<TimeProvider>())));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IClusterValidator, ClusterValidator>());
        // Once: it builds by the one that is there now.
        if (!services.Any(static d => d.ServiceType == typeof(ClassifyingTransformBuilder)))
        {
            var inner = services.LastOrDefault(static d => d.ServiceType == typeof(ITransformBuilder));
            services.AddSingleton(s => new ClassifyingTransformBuilder(last => Inner(s, inner, last)));
            services.Replace(ServiceDescriptor.Singleton<ITransformBuilder>(static s => s.GetRequiredService<ClassifyingTransformBuilder>()));
        }
        return builder;
    }

    private static ITransformBuilder Inner(IServiceProvider services, ServiceDescriptor? inner, ITransformProvider last)
    {
        if (inner?.ImplementationInstance is ITransformBuilder instance)
            return instance;
        if (inner?.ImplementationFactory is { } factory)
            return (ITransformBuilder)factory(services);
        if (inner?.ImplementationType is not { } type)
            throw new InvalidOperationException("There is no ITransformBuilder: call AddReverseProxy() before AddDirectForwarder().");
        // YARP's takes the providers, and applies them in their order. One that does not want them is made all the same.
        ITransformProvider[] providers = [.. services.GetServices<ITransformProvider>(), last];
        return type.GetConstructors().Any(static c => c.GetParameters().Any(static p => p.ParameterType == typeof(IEnumerable<ITransformProvider>)))
            ? (ITransformBuilder)ActivatorUtilities.CreateInstance(services, type, [providers])
            : (ITransformBuilder)ActivatorUtilities.CreateInstance(services, type);
    }
}
