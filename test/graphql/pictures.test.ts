import { describe, expect, it } from "vitest";
import { readable } from "../../src/viewer/graphiql/fetcher.ts";
import { findPictures } from "../../src/viewer/graphiql/pictures.ts";

describe("the page's search for pictures in an answer", () => {
  it("keeps the tiles of a list together, with their places", () => {
    const nodes = [
      { x: 1, y: 2, url: "/tiles/demo/3/1/2.jpg?f=red" },
      { x: 2, y: 2, url: "/tiles/demo/3/2/2.jpg?f=red" },
    ];
    const [group, ...others] = findPictures({ data: { image: { render: { tiles: { count: 2, nodes } } } } });
    expect(others).toEqual([]);
    expect(group?.path).toBe("data.image.render.tiles");
    expect(group?.pictures.map(({ source, x, y }) => [source, x, y])).toEqual(
      nodes.map(({ url, x, y }) => [url, x, y]),
    );
  });

  it("prefers what is in the answer to what must be fetched, and links to the latter", () => {
    const [group] = findPictures({
      thumbnail: { url: "/regions/demo/t.png?f=b1", dataUri: "data:image/png;base64,iVBORw0KGgo" },
    });
    expect(group?.pictures[0]).toMatchObject({
      source: "data:image/png;base64,iVBORw0KGgo",
      link: "/regions/demo/t.png?f=b1",
    });
  });

  it("knows the kind of bare base64 by its first bytes", () => {
    const types = ["/9j/4AAQ", "iVBORw0KGgoAAAA", "UklGRgAA"].map(
      (base64) => findPictures({ base64 })[0]?.pictures[0]?.source,
    );
    expect(types).toEqual([
      "data:image/jpeg;base64,/9j/4AAQ",
      "data:image/png;base64,iVBORw0KGgoAAAA",
      "data:image/webp;base64,UklGRgAA",
    ]);
  });

  it.each([
    "javascript:alert(1).png",
    "data:text/html;base64,AAAA",
    "ftp://host/a.png",
    "/files/demo.ome.tif",
    "/graphql",
  ])("shows nothing for %s", (url) => {
    expect(findPictures({ url, dataUri: url })).toEqual([]);
  });

  it("ends at a thousand pictures, whatever the answer holds", () => {
    const list = Array.from({ length: 3000 }, () => ({ url: "/tiles/a/0/0/0.png" }));
    const shown = findPictures({ a: list, b: list }).reduce((sum, { pictures }) => sum + pictures.length, 0);
    expect(shown).toBe(1024);
  });
});

describe("the page's display of an answer", () => {
  it("cuts long base64 and nothing else", () => {
    const answer = { data: { a: "short", n: 1, list: [null, true], base64: "A".repeat(20_000) } };
    expect(readable(answer)).toEqual({
      data: { a: "short", n: 1, list: [null, true], base64: `${"A".repeat(64)}… (20,000 characters)` },
    });
  });
});
