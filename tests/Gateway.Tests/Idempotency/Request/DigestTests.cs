using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Idempotency.Request;

namespace Gateway.Tests.Idempotency.Request;

public sealed class DigestTests
{
    [Fact]
    public void One_after_the_other_on_a_thread_each_is_that_of_its_own_bytes()
    {
        var random = new Random(1);
        foreach (var length in (int[])[0, 1, 55, 56, 64, 1000, 70_000, 0, 3])
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            Assert.Equal(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(bytes)), Digest.Of(bytes));
        }
    }
}
