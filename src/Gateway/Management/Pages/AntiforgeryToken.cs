namespace Gateway.Management.Pages;

/// <summary>A form's hidden field.</summary>
internal sealed record AntiforgeryToken(string Field, string Value);
