using FsCheck;
using FsCheck.Fluent;

namespace Gateway.Tests.Support;

/// <summary>
/// Seeds from the whole range. FsCheck's own integers grow with the size of a test, from -100 to 100: thousands of tests would
/// be the same two hundred again and again. A smaller seed is no simpler one, so there is nothing to shrink.
/// </summary>
public static class Seeds
{
    public static Arbitrary<int> Seed() => Gen.Choose(0, int.MaxValue).ToArbitrary();
}
