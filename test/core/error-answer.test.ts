import { describe, expect, it } from "vitest";
import { errorBody, errorHeaders } from "../../src/core/error-answer.ts";
import { BandloomError } from "../../src/core/errors.ts";

describe("an error on the wire", () => {
  it("has a code, a message and what belongs to it", () => {
    const error = new BandloomError("LIMIT_EXCEEDED", "Too large.", {
      details: { limit: 7 },
      cause: new Error("secret"),
    });
    expect(errorBody(error)).toEqual({ code: "LIMIT_EXCEEDED", message: "Too large.", limit: 7 });
  });

  it("says when to come back where the server has too much to do, and is never kept", () => {
    const busy = new BandloomError("OVERLOADED", "Too much to do.");
    expect(errorHeaders(busy)).toEqual({ "cache-control": "no-store", "retry-after": "1" });
    expect(errorHeaders(new BandloomError("NOT_FOUND", "No."))).toEqual({ "cache-control": "no-store" });
  });
});
