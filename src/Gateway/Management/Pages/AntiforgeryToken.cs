namespace Gateway.Management.Pages;

/// <summary>A form's hidden field.</summary>
public sealed record AntiforgeryToken(string Field, string Value);
