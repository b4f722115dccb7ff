import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../src/source/remote/addresses.ts";

const PRIVATE_IPV4 = [
  ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.9"],
  ...["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1"],
  ...["198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"],
];
const PUBLIC_IPV4 = ["1.1.1.1", "8.8.8.8", "52.95.110.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"];

/** Ways to write an IPv4 address into an IPv6 address, RFC 4291, 3056, 6052, 8215, 4380, 5214, and the translated form of 2765. */
const EMBEDDINGS: Readonly<Record<string, (high: string, low: string) => string>> = {
  mapped: (high, low) => `::ffff:${high}:${low}`,
  compatible: (high, low) => `::${high}:${low}`,
  "6to4": (high, low) => `2002:${high}:${low}::1`,
  NAT64: (high, low) => `64:ff9b::${high}:${low}`,
  "local NAT64": (high, low) => `64:ff9b:1::${high}:${low}`,
  translated: (high, low) => `::ffff:0:${high}:${low}`,
  Teredo: (high, low) => `2001:0:${high}:${low}::`,
  ISATAP: (high, low) => `2606:4700::5efe:${high}:${low}`,
  "ISATAP, unique": (high, low) => `2606:4700::200:5efe:${high}:${low}`,
};
/** Those through which a public address may be reached. */
const THROUGH_WHICH_PUBLIC_ONES_PASS = ["mapped", "6to4", "NAT64"];

describe("addresses of the public internet", () => {
  it.each(PUBLIC_IPV4)("include %s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888"])("include %s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(PRIVATE_IPV4)("do not include %s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    ...["::", "::1", "fe80::1", "fe80::1%eth0", "febf::1", "fc00::1", "fdff::1", "fec0::1", "ff02::1", "ff0e::1"],
    ...["2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1", "2001:10::1", "2001:20::1"],
  ])("do not include %s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(["", "localhost", "example.com", "1.2.3", "256.1.1.1x", "::g", "http://1.1.1.1"])(
    "do not include %j, which is none or is cut",
    (text) => {
      expect(isPublicAddress(text)).toBe(text === "1.2.3");
    },
  );

  for (const [name, embed] of Object.entries(EMBEDDINGS)) {
    it(`do not include a private one that is ${name}`, () => {
      for (const address of PRIVATE_IPV4)
        expect([address, isPublicAddress(embed(...halves(address)))]).toEqual([address, false]);
    });

    it(`${THROUGH_WHICH_PUBLIC_ONES_PASS.includes(name) ? "include" : "do not include"} a public one that is ${name}`, () => {
      for (const address of PUBLIC_IPV4)
        expect(isPublicAddress(embed(...halves(address)))).toBe(THROUGH_WHICH_PUBLIC_ONES_PASS.includes(name));
    });
  }

  it("are told alike in decimal, octal and hexadecimal, and with parts joined", () => {
    fc.assert(
      fc.property(fc.ipV4(), (dotted) => {
        const parts = dotted.split(".").map(Number);
        const [a = 0, b = 0, c = 0, d = 0] = parts;
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const forms = [
          String(number),
          `0x${number.toString(16)}`,
          `0${number.toString(8)}`,
          parts.map((part) => `0${part.toString(8)}`).join("."),
          parts.map((part) => `0x${part.toString(16)}`).join("."),
          `${a}.${(b * 256 + c) * 256 + d}`,
        ];
        // Beside our own reading, that of the URL standard, which is what a request would use.
        for (const form of forms) {
          expect(new URL(`http://${form}/`).hostname).toBe(dotted);
          expect(isPublicAddress(form)).toBe(isPublicAddress(dotted));
        }
      }),
    );
  });

  it("are in 2000::/3 where they are of IPv6, or hold a public one of IPv4", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (!isIPv6(address) || !isPublicAddress(address)) return;
        expect(new URL(`http://[${address}]/`).hostname).toMatch(/^\[([23][0-9a-f]{3}:|64:ff9b:|::ffff:)/);
      }),
    );
  });
});

function halves(address: string): [high: string, low: string] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
}
