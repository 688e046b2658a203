using System.Reflection;

namespace BucketProxy.Structure.Tests.Reading;

/// <summary>
/// What a type uses, as the compiled assembly says: base, interfaces, fields, signatures, constraints, attributes, locals, and every
/// type, method and field that a body names. Types that the compiler nests (closures, state machines) are read with the types they stand in.
/// <para>Constants, among them those of enums, and <c>nameof</c> leave nothing in an assembly: <see cref="UsingLines"/> has those.</para>
/// </summary>
internal static class TypeUses
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    /// <summary>The types that <paramref name="type"/> itself uses, without those nested in it; each as the outermost type around it.</summary>
    public static IEnumerable<Type> Of(Type type) => Members(type).Concat(Signatures(type)).SelectMany(Parts).Select(Outermost).Distinct();

    /// <summary>The methods and fields that the bodies of <paramref name="type"/> name, without those of types nested in it.</summary>
    public static IEnumerable<MemberInfo> MembersNamedBy(Type type) =>
        type.GetMembers(Declared).OfType<MethodBase>().SelectMany(Named).Where(m => m is not Type);

    /// <summary>The type that is no part of another one.</summary>
    public static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<Type?> Members(Type type) => type.GetMembers(Declared).Where(m => m is not Type).SelectMany(member => member switch
    {
        FieldInfo field => [field.FieldType, .. Attributes(field)],
        PropertyInfo property => [property.PropertyType, .. Attributes(property)],
        EventInfo evented => [evented.EventHandlerType, .. Attributes(evented)],
        MethodBase method => Method(method),
        _ => Enumerable.Empty<Type?>(),
    });

    private static IEnumerable<Type?> Signatures(Type type) =>
        [type.BaseType, .. type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []), .. type.GetGenericArguments().SelectMany(Generic), .. Attributes(type)];

    private static IEnumerable<Type?> Method(MethodBase method) =>
    [
        .. method.GetParameters().SelectMany(p => Attributes(p).Append(p.ParameterType)),
        .. method is MethodInfo returning ? Attributes(returning.ReturnParameter).Append(returning.ReturnType) : [],
        .. method.IsGenericMethod ? method.GetGenericArguments().SelectMany(Generic) : [],
        .. Attributes(method),
        .. Body(method),
    ];

    private static IEnumerable<Type?> Body(MethodBase method) => method.GetMethodBody() is not { } body ? [] :
    [
        .. body.LocalVariables.Select(l => l.LocalType),
        .. body.ExceptionHandlingClauses.Where(c => c.Flags == ExceptionHandlingClauseOptions.Clause).Select(c => c.CatchType),
        .. Named(method).SelectMany(OfNamed),
    ];

    private static IEnumerable<MemberInfo> Named(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } il)
            return [];
        var ofType = method.DeclaringType!.GetGenericArguments();
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        return IlTokens.Of(il).Select(token => method.Module.ResolveMember(token, ofType, ofMethod)).OfType<MemberInfo>();
    }

    // What a called method gives back is no use of its own: who does something with it names it.
    private static IEnumerable<Type?> OfNamed(MemberInfo named) => named switch
    {
        Type type => [type],
        MethodInfo { IsGenericMethod: true } method => method.GetGenericArguments().Append(method.DeclaringType),
        _ => [named.DeclaringType],
    };

    private static IEnumerable<Type?> Generic(Type argument) =>
        argument.IsGenericParameter ? [.. argument.GetGenericParameterConstraints(), .. Attributes(argument)] : [argument];

    private static IEnumerable<Type?> Attributes(MemberInfo member) => Attributes(member.GetCustomAttributesData());

    private static IEnumerable<Type?> Attributes(ParameterInfo parameter) => Attributes(parameter.GetCustomAttributesData());

    private static IEnumerable<Type?> Attributes(IEnumerable<CustomAttributeData> attributes) => attributes.SelectMany(a => a.ConstructorArguments
        .Concat(a.NamedArguments.Select(n => n.TypedValue)).SelectMany(Values).Append(a.AttributeType));

    private static IEnumerable<Type?> Values(CustomAttributeTypedArgument argument) => argument.Value switch
    {
        Type type => [argument.ArgumentType, type],
        IEnumerable<CustomAttributeTypedArgument> several => several.SelectMany(Values).Append(argument.ArgumentType),
        _ => [argument.ArgumentType],
    };

    // List<Grant[]> is List and Grant.
    private static IEnumerable<Type> Parts(Type? type) => type switch
    {
        null or { IsGenericParameter: true } => [],
        { HasElementType: true } => Parts(type.GetElementType()),
        { IsFunctionPointer: true } => type.GetFunctionPointerParameterTypes().Append(type.GetFunctionPointerReturnType()).SelectMany(Parts),
        { IsConstructedGenericType: true } => type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()),
        _ => [type],
    };
}
