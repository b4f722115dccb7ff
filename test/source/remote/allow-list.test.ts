import { describe, expect, it } from "vitest";
import { BandloomError } from "../../../src/core/errors.ts";
import { AllowList, parseAddress } from "../../../src/source/remote/allow-list.ts";

describe("the list of allowed sources", () => {
  it("allows nothing where it is empty", () => {
    for (const address of ["https://example.com/a.tif", "http://1.1.1.1/", "s3://bucket/key"])
      expect(answer([], address)).toBe("FORBIDDEN");
  });

  it.each([
    ["https://a.example/data", "https://a.example/data"],
    ["https://a.example/data", "https://a.example/data/x.tif?token=1"],
    ["https://a.example/data/", "https://a.example/data/x/y.tif"],
    ["https://a.example/data", "https://A.EXAMPLE:443/data/x.tif"],
    ["https://a.example/data", "https://a.example/other/../data/x.tif"],
    ["https://a.example", "https://a.example/anything"],
    ["http://a.example:8080/", "http://a.example:8080/x"],
    ["a.example", "https://a.example/any/path"],
    ["a.example:8443", "https://a.example:8443/x"],
    ["*.a.example", "https://b.a.example/x"],
    ["*.a.example", "https://c.b.a.example/x"],
    ["*.a.example", "https://a.example/x"],
    ["bücher.example", "https://xn--bcher-kva.example/x"],
    ["s3://bucket", "s3://bucket/any/key"],
    ["s3://bucket/scans", "s3://bucket/scans/a b+ü?#.tif"],
    ["s3://bucket/scans/", "s3://bucket/scans/a"],
    ["http://127.0.0.1:9000/", "http://127.0.0.1:9000/x"],
    ["http://127.0.0.1:9000/", "http://0x7f.1:9000/x"],
    ["http://localhost:9000/", "http://localhost:9000/x"],
    ["http://[::1]:9000/", "http://[::1]:9000/x"],
    ["private+https://store.intern/", "https://store.intern/x"],
  ])("%s allows %s", (entry, address) => {
    expect(answer([entry], address)).toBe("allowed");
  });

  it.each([
    ["https://a.example/data", "https://a.example/database.tif"],
    ["https://a.example/data", "https://a.example/"],
    ["https://a.example/data", "https://a.example/data/../secret"],
    ["https://a.example/data", "https://a.example/data/%2e%2e/secret"],
    ["https://a.example/data", "https://a.example/data/.%2E/secret"],
    ["https://a.example/data", "https://a.example/data%2f..%2fsecret"],
    ["https://a.example/data", "https://a.example/data/..%2fsecret"],
    ["https://a.example/data", "https://a.example/data/..%5csecret"],
    ["https://a.example/data", "https://a.example/data/..\\secret"],
    ["https://a.example/data", "https://a.example/data/%252e%252e%252fsecret"],
    ["https://a.example/data", "https://a.example/data/%25252e%25252e/secret"],
    ["https://a.example/data", "https://a.example/data/..;/secret"],
    ["https://a.example/data", "https://a.example/data/a%00.tif"],
    ["https://a.example/data", "https://a.example@evil.example/data/x"],
    ["https://a.example/data", "https://user:secret@a.example/data/x"],
    ["https://a.example/data", "https://a.example.evil.example/data/x"],
    ["https://a.example/data", "https://evil.example/https://a.example/data/x"],
    ["https://a.example/data", "https://evil.example#a.example/data"],
    ["https://a.example/data", "https://evil.example\\@a.example/data"],
    ["https://a.example/data", "http://a.example/data/x"],
    ["https://a.example/data", "https://a.example:8443/data/x"],
    ["a.example", "http://a.example/x"],
    ["a.example", "https://b.a.example/x"],
    ["a.example", "https://a.example./x"],
    ["*.a.example", "https://ba.example/x"],
    ["*.a.example", "https://eviла.example/x"],
    ["s3://bucket/scans", "s3://bucket/scansecret"],
    ["s3://bucket/scans", "s3://bucket/other"],
    ["s3://bucket/scans", "s3://bucket/scans/../other"],
    ["s3://bucket/scans", "s3://bucket2/scans/a"],
    ["s3://bucket", "https://bucket/key"],
    ["https://bucket", "s3://bucket/key"],
    ["http://127.0.0.1:9000/", "http://127.0.0.1:9001/x"],
    ["http://127.0.0.1:9000/", "http://127.0.0.2:9000/x"],
  ])("%s does not allow %s", (entry, address) => {
    expect(answer([entry], address)).toBe("FORBIDDEN");
  });

  it.each([
    ...[
      "file:///etc/passwd",
      "ftp://a.example/x",
      "data:text/plain,x",
      "gopher://a.example",
      "/etc/passwd",
      "",
      "a.example",
    ],
    ...["http://", "https://?", "s3://", "s3://b", "s3://bucket", "s3:///key", "s3://a@b/key", "javascript:alert(1)"],
  ])("nothing allows %j", (address) => {
    expect(answer(["https://a.example", "a.example", "s3://bucket"], address)).toBe("FORBIDDEN");
  });

  it.each([
    ...["http://127.0.0.1/x", "http://127.1/x", "http://2130706433/x", "http://0177.0.0.1/x", "http://0x7f000001/x"],
    ...["http://0/x", "http://[::1]/x", "http://[::]/x", "http://[::ffff:127.0.0.1]/x", "http://[::127.0.0.1]/x"],
    ...["http://169.254.169.254/latest/meta-data", "http://100.64.0.1/x", "http://10.1.2.3/x", "http://[fe80::1]/x"],
    ...[
      "http://[64:ff9b::7f00:1]/x",
      "http://[2002:7f00:1::]/x",
      "http://[2001:0:7f00:1::]/x",
      "http://１２７.0.0.1/x",
    ],
  ])("a private address is not allowed without being named: %s", (address) => {
    const { hostname } = new URL(address);
    expect(answer(["https://a.example", "*.1"], address)).toBe("FORBIDDEN");
    expect(answer([`http://${hostname}/`], address)).toBe("allowed");
  });

  it("gives leave for private addresses only to hosts that were named so", () => {
    const list = new AllowList([
      "private+https://store.intern/",
      "https://a.example",
      "http://10.0.0.1/",
      "*.b.example",
    ]);
    const isPrivate = (address: string) => list.check(parseAddress(address)).private;
    expect(isPrivate("https://store.intern/x")).toBe(true);
    expect(isPrivate("http://10.0.0.1/x")).toBe(true);
    expect(isPrivate("https://a.example/x")).toBe(false);
    expect(isPrivate("https://c.b.example/x")).toBe(false);
  });

  it.each([
    "",
    "ftp://a.example",
    "https://",
    "a b",
    "http://u:p@a.example",
    "s3://",
    "s3://UPPER_case",
    "*",
    "*.",
    "1234",
    "a/b",
  ])("refuses the entry %j", (entry) => {
    expect(() => new AllowList([entry])).toThrow(/is no allowed source/);
  });
});

function answer(entries: readonly string[], address: string): string {
  try {
    new AllowList(entries).check(parseAddress(address));
    return "allowed";
  } catch (error) {
    if (error instanceof BandloomError) return error.code;
    throw error;
  }
}
