import fc from "fast-check";
import { expect, it } from "vitest";
import { principalName } from "../../src/access/names.ts";

it("a name shows who it is where that can be shown", () => {
  expect(principalName("user:", "anna")).toBe("user:anna");
  expect(principalName("jwt:", "anna@lab", "@https://login.example.org/")).toBe(
    "jwt:anna@lab@https://login.example.org/",
  );
});

it("a name is printable and short, whatever stands in a token", () => {
  const hostile = ["a\nb", "\u001b[31m", "a b", "x".repeat(1_000), "😀".repeat(300), "\u202eabc", ""];
  for (const text of hostile) {
    const name = principalName("jwt:", text, "@https://login.example.org/");
    expect(name.length).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^jwt:[^\p{C}\p{Z}]*@https:\/\/login\.example\.org\/$/u);
  }
});

it("different texts have different names, and none can be made to look like another's", () => {
  const long = "x".repeat(500);
  const forged = principalName("user:", long).slice("user:".length);
  expect(principalName("user:", forged)).not.toBe(principalName("user:", long));
  expect(principalName("user:", "a\tb")).not.toBe(principalName("user:", "a_b"));
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(principalName("user:", one) === principalName("user:", other)).toBe(one === other);
    }),
  );
});
