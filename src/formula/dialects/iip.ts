import { printNumber } from "../print.ts";
import { shown } from "../problem.ts";
import { numberIn, untranslatable, windowed } from "./parts.ts";

const COLORMAPS: ReadonlyMap<string, (shade: string) => string> = new Map([
  ["HOT", (shade) => `colormap(${shade}, "hot")`],
  ["JET", (shade) => `colormap(${shade}, "jet")`],
  ["RED", (shade) => `tint(${shade}, "red")`],
  ["GREEN", (shade) => `tint(${shade}, "lime")`],
  ["BLUE", (shade) => `tint(${shade}, "blue")`],
]);
/** What says which part of an image is asked for, or how it is encoded. */
const ELSEWHERE = ["FIF", "JTL", "PTL", "WTL", "CVT", "RGN", "WID", "HEI", "QLT", "SDS", "TIL", "OBJ"];

/** iipsrv's commands, in the order in which it does them: MINMAX, CTW, CNT, GAM, INV, CMP. Windows are 0 … 255 where none is given. */
export function fromIip(text: string): string {
  const commands = text
    .replace(/^[^?]*\?/, "")
    .split("&")
    .map((one) => one.split("=") as [string, string?]);
  const windows = new Map<number, string>();
  let matrix: readonly (readonly number[])[] = [[1], [0, 1], [0, 0, 1]];
  let tone = (shade: string) => shade;
  let show = (shades: readonly string[]) => shades.join("; ");
  for (const [command = "", value = ""] of commands) {
    const before = tone;
    switch (command.toUpperCase()) {
      case "MINMAX": {
        const [index = "", ends = ""] = value.split(":");
        const [low = "", high = ""] = ends.split(",");
        const [from, to] = [numberIn(low, "MINMAX's low end"), numberIn(high, "MINMAX's high end")];
        windows.set(numberIn(index, "MINMAX's channel"), windowed(`@${index}`, from, to));
        break;
      }
      case "CTW":
        matrix = value
          .replace(/^\[|\]$/g, "")
          .split(";")
          .map((row) => row.split(",").map((one) => numberIn(one, "A weight of CTW")));
        break;
      case "CNT":
        tone = (shade) => `clamp(${before(shade)} * ${numberIn(value, "CNT")}, 0, 1)`;
        break;
      case "GAM":
        // iipsrv raises to the power itself.
        tone = (shade) => `clamp((${before(shade)}) ^ ${numberIn(value, "GAM")}, 0, 1)`;
        break;
      case "INV":
        tone = (shade) => `invert(${before(shade)})`;
        break;
      case "CMP": {
        const map = COLORMAPS.get(value.toUpperCase());
        if (!map) throw untranslatable(`The colormap ${shown(value)} is iipsrv's own.`);
        show = ([shade = ""]) => map(shade);
        break;
      }
      default:
        if (command !== "" && !ELSEWHERE.includes(command.toUpperCase()))
          throw untranslatable(`${shown(command)} is no command about colours.`);
    }
  }
  const weighed = (row: readonly number[]) => {
    const terms = row.flatMap((weight, index) => {
      const window = windows.get(index + 1) ?? windowed(`@${index + 1}`, 0, 255);
      return weight === 0 ? [] : [weight === 1 ? window : `${printNumber(Math.fround(weight))} * ${window}`];
    });
    const sum = terms.length === 0 ? "0" : terms.join(" + ");
    return terms.length === 1 && row.some((weight) => weight === 1) ? sum : `clamp(${sum}, 0, 1)`;
  };
  return show(matrix.map((row) => tone(weighed(row))));
}
