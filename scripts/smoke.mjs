// Asks a running server for tiles of the demo image and fetches one: exits non-zero when anything is off.
const [base] = process.argv.slice(2);
const query = `{ image(key: "demo") { render(formula: "red + 2*(uv1 - green)") { valid hash
  tiles(level: 2, x: {from: 0, to: 1}, y: {from: 0, to: 1}) { count nodes { url } } } } }`;

const answer = await fetch(`${base}/graphql`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query }),
});
const { data, errors } = await answer.json();
const tiles = data?.image?.render?.tiles;
if (errors || tiles?.count !== 4) throw new Error(`Unexpected answer: ${JSON.stringify({ data, errors })}`);
for (const { url } of tiles.nodes) {
  const tile = await fetch(new URL(url, base));
  const bytes = new Uint8Array(await tile.arrayBuffer());
  if (tile.status !== 200 || bytes[0] !== 0xff || bytes[1] !== 0xd8)
    throw new Error(`No JPEG at ${url}: ${tile.status}`);
}
console.log(`${tiles.count} tiles of formula ${data.image.render.hash.slice(0, 12)} served`);
