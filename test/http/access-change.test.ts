import { expect, it } from "vitest";
import { accessOf } from "../access/support.ts";
import { runServer } from "./running.ts";

const IMAGES = { "plates/p1.tif": { width: 20, height: 10, seed: 1 } } as const;
const TILE = "/tiles/plates/p1/0/0/0.png?f=b1";

it("what everybody could read is not given away from memory when the rules have changed", async () => {
  const { access, write } = accessOf('anonymous: { read: ["**"] }');
  const server = await runServer(IMAGES, { access });
  try {
    const told = async () => {
      const answer = await server.get(TILE);
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get("x-bandloom-cache")];
    };
    await told();
    expect(await told()).toEqual([200, "MEMORY"]);
    write('anonymous: { read: ["others/**"] }');
    expect(await told()).toEqual([404, null]);
    write('anonymous: { read: ["plates/*"] }');
    expect(await told()).toEqual([200, "MEMORY"]);
    // A file that cannot be used changes nothing.
    write("anonymous: nobody");
    expect(await told()).toEqual([200, "MEMORY"]);
  } finally {
    await server.close();
  }
});
