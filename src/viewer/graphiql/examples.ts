/** A query that shows one thing the API can do; the page runs it at a click. */
export interface Example {
  readonly title: string;
  readonly hint: string;
  readonly query: string;
}

/** All of them ask for the demo image, which a first start makes. */
export const EXAMPLES: readonly Example[] = [
  {
    title: "Tiles",
    hint: "A range of tiles as URLs: nothing is rendered until a URL is fetched",
    query: `# Red, plus twice the difference between UV-1 and green: a range of tiles as URLs.
# Nothing is rendered until a URL is fetched; "base64" or "dataUri" render at once.
query Tiles {
  image(key: "demo") {
    render(formula: "red + 2*(uv1 - green)") {
      valid
      canonical
      hash
      tiles(level: 1, x: { from: 2, to: 12 }, y: { from: 2, to: 12 }, tileSize: 64) {
        count
        limits { minX maxX minY maxY }
        nodes { x y url }
      }
    }
  }
}
`,
  },
  {
    title: "Stream",
    hint: "Tiles one by one, as they are rendered, the middle first",
    query: `# A subscription: each tile as soon as it is rendered, the middle first.
subscription Stream {
  tiles(input: {
    imageKey: "demo"
    formula: "sobel(red + uv1)"
    zoom: 2
    x: { from: 0, to: 3 }
    y: { from: 0, to: 3 }
  }) { x y cache url }
}
`,
  },
  {
    title: "Index",
    hint: "A normalised difference with a colormap, whole pictures in the answer",
    query: `# A normalised difference, coloured. The pictures come inside the answer.
query Index {
  image(key: "demo") {
    render(formula: "colormap(ndi(fir2, red), \\"turbo\\")") {
      valid
      diagnostics { severity message from to }
      bounds { min max }
      window { min max }
      tiles(zoom: 1, x: { from: 0, to: 3 }, y: { from: 0, to: 3 }, encoding: { format: PNG }) {
        count
        nodes { x y width height cache dataUri }
      }
    }
  }
}
`,
  },
  {
    title: "Composite",
    hint: "Three outputs make red, green and blue",
    query: `# Three outputs, separated by ";", make red, green and blue. Each is windowed by its own percentiles.
query Composite {
  image(key: "demo") {
    render(formula: "fir1; red; uv1") {
      canonical
      channels { name wavelengthNm }
      region(region: { x: 0, y: 0, width: 1024, height: 1024 }, maxSize: 512) { width height url }
    }
  }
}
`,
  },
  {
    title: "Layers",
    hint: "Channels in colours of your choice, merged like light",
    query: `# Structured arguments are sugar: look at "source", they became formula text.
query Layers {
  image(key: "demo") {
    render(layers: [
      { expression: "fir2", color: "#ff5533" }
      { expression: "green", color: "#33ff99" }
      { expression: "uv1", color: "#7766ff" }
    ]) {
      source
      diagnostics { message }
      region(region: { x: 0, y: 0, width: 1024, height: 1024 }, maxSize: 512) { url }
    }
  }
}
`,
  },
  {
    title: "Presets",
    hint: "Formulas of the literature, and your own, by name",
    query: `# Formulas with names: of the library,
# of the catalogue, and saved ones.
query Presets {
  image(key: "demo") {
    presets { name title category origin formula }
    render(preset: "three-realms") {
      source
      canonical
      region(region: { x: 0, y: 0, width: 1024, height: 1024 }, maxSize: 512) { url }
    }
  }
}
`,
  },
  {
    title: "Channels",
    hint: "What an image holds, and how formulas write it",
    query: `# What the image holds, and how a formula can write each channel.
query Channels {
  image(key: "demo") {
    name
    width
    height
    dataType
    format
    revision
    channels { index name identifiers wavelengthNm color }
    levels { index zoom width height tiles { maxX maxY count } }
    thumbnail { url }
  }
}
`,
  },
  {
    title: "Statistics",
    hint: "Numbers: statistics and single pixels of a formula",
    query: `# The numbers behind the picture: of a formula, and under single points.
query Statistics {
  image(key: "demo") {
    render(formula: "red + 2*(uv1 - green)") {
      statistics(bins: 16) {
        level
        exact
        validCount
        min
        max
        mean
        standardDeviation
        percentiles(at: [0.5, 50, 99.5])
        histogram { min max counts }
      }
      probe(points: [{ x: 100, y: 100 }, { x: 512, y: 512 }]) {
        x
        y
        channels { channel { name } value { number state } }
        values { number state }
        color
      }
    }
  }
}
`,
  },
  {
    title: "Prerender",
    hint: "Tiles into the cache ahead of use, behind everything that somebody waits for",
    query: `# Tiles into the cache, ahead of use. Ask again to see how far it is,
# or subscribe: subscription { jobUpdated(id: "…") { completed total rate secondsLeft } }
mutation Prerender {
  prerender(input: { imageKey: "demo", preset: "three-realms", pad: true }) {
    job { id state completed failed total rate secondsLeft }
    userErrors { message }
  }
}
`,
  },
  {
    title: "Mistake",
    hint: "A wrong formula is answered with what to do about it",
    query: `# A wrong formula is no error of the request: its diagnostics say where and what to do.
query Mistake {
  image(key: "demo") {
    render(formula: "redd + 2*(uv1 - green") {
      valid
      diagnostics { severity code message line column from to suggestions { label replacement } }
    }
  }
}
`,
  },
  {
    title: "Server",
    hint: "Limits, caches, functions, colormaps, images",
    query: `# Limits and caches of this server, its images, and the formula language.
query Server {
  server {
    version
    limits { queryCost tilesAsUrls tilesInline tileSizes regionSide }
    cache { name healthy hits misses bytes maxBytes }
  }
  images(first: 10) { totalCount nodes { key width height channels { name } } }
  colormaps { name }
  formulaLanguage { functions { name signature description example } }
}
`,
  },
];
