import { COLOUR_FORMS, normaliseColour } from "../colour.ts";
import type { Expr } from "../expr.ts";
import { given } from "../functions/define.ts";
import type { FunctionRow, Parameter } from "../functions/row.ts";
import { stopOption } from "../functions/scales.ts";
import { callableNames, findRow } from "../functions/table.ts";
import { Halos, tapsOf } from "../halos.ts";
import type { FormulaLimits } from "../limits.ts";
import { isIdentifier } from "../print.ts";
import { type Problem, SyntaxProblem, shown } from "../problem.ts";
import type { FormulaScope } from "../scope.ts";
import { suggest } from "../suggest.ts";
import { tooManyNodes } from "../syntax/parser.ts";
import type { CallNode, NameNode, PlaneNode, SyntaxNode, SyntaxTree } from "../syntax/tree.ts";
import { ExprBuilder } from "./builder.ts";
import { ChannelNames, CONSTANTS, fold } from "./names.ts";
import { rewriteTools } from "./rewrite-tools.ts";
import { channelsOf, displayWindow } from "./window.ts";

/** Names listed in a message at most. */
const LISTED_NAMES = 20;
/** So many errors are told at most: the rest mostly follow from them. */
const MAX_PROBLEMS = 20;

/** Resolves and types a syntax tree against a scope; gathers problems and goes on where it can (null: part is in error). */
export class Checker {
  readonly problems: Problem[] = [];
  readonly builder: ExprBuilder;
  readonly #scope: FormulaScope;
  readonly #limits: FormulaLimits;
  readonly #names: ChannelNames;
  readonly #bound = new Map<string, Expr | null>();
  readonly #halos = new Halos();

  constructor(scope: FormulaScope, limits: FormulaLimits) {
    this.#scope = scope;
    this.#limits = limits;
    this.#names = new ChannelNames(scope);
    this.builder = new ExprBuilder(scope);
  }

  /** The outputs, or null after any error. */
  run(tree: SyntaxTree): readonly Expr[] | null {
    for (const { name, value } of tree.bindings) {
      const expr = this.#expr(value);
      if (this.#bound.has(name.name)) {
        this.#error("REDEFINED_NAME", `${shown(name.name)} is defined already: choose another name.`, name);
      } else {
        this.#warnShadowing(name);
        this.#bound.set(name.name, expr);
      }
    }
    const outputs = tree.outputs.map((node) => this.#expr(node));
    if (this.problems.some((one) => (one.severity ?? "error") === "error")) return null;
    const known = outputs.filter((one) => one !== null);
    this.#refuseManyChannels(known, tree);
    this.#refuseManyTaps(known, tree);
    return this.problems.some((one) => (one.severity ?? "error") === "error") ? null : known;
  }

  /** A value where a shade is due: numbers get a window. */
  shade(expr: Expr): Expr {
    return expr.type === "number" ? displayWindow(this.builder, expr) : expr;
  }

  #expr(node: SyntaxNode): Expr | null {
    const expr = this.#visit(node);
    if (expr && expr.size > this.#limits.nodes) throw tooManyNodes(this.#limits.nodes, node.from, node.to);
    return expr;
  }

  #visit(node: SyntaxNode): Expr | null {
    switch (node.kind) {
      case "number":
        return this.builder.constant(node.value);
      case "text":
        return this.#text(node);
      case "name":
        return this.#name(node);
      case "ordinal":
        return this.#ordinal(node);
      case "plane":
        return this.#plane(node);
      case "member":
        return this.#error(
          "NOT_SUPPORTED",
          `${shown(node.object.name)}.${shown(node.member.name)} means a channel of another image, which is not supported yet: a formula reads the channels of one image.`,
          node,
        );
      case "unary": {
        const argument = this.#expr(node.argument);
        return (
          argument &&
          this.#apply(given(findRow(node.operator === "-" ? "neg" : node.operator)), [argument], [node.argument], node)
        );
      }
      case "binary": {
        const [left, right] = [this.#expr(node.left), this.#expr(node.right)];
        return (
          left && right && this.#apply(given(findRow(node.operator)), [left, right], [node.left, node.right], node)
        );
      }
      case "conditional": {
        const parts = [node.condition, node.whenTrue, node.whenFalse];
        const args = parts.map((one) => this.#expr(one));
        return args.every((one) => one !== null) ? this.#apply(given(findRow("where")), args, parts, node) : null;
      }
      case "call":
        return this.#call(node);
      case "stop":
        return this.#error(
          "TYPE_MISMATCH",
          'A number with its colour stands only in ramp, intervals and classes, as in ramp(red, 0: "black", 255: "white").',
          node,
        );
    }
  }

  #text(node: SyntaxNode & { readonly kind: "text" }): Expr | null {
    const colour = normaliseColour(node.text);
    if (colour) return this.builder.named("colour", [], [colour]);
    return this.#error(
      "TYPE_MISMATCH",
      `The text "${shown(node.text)}" is no value here: channels are written without quotes, or in backticks; only colours and names of colormaps are quoted.`,
      node,
    );
  }

  #name(node: NameNode): Expr | null {
    if (!node.quoted && this.#bound.has(node.name)) return this.#bound.get(node.name) ?? null;
    const index = this.#channelIndex(node);
    if (index !== null) return index < 0 ? null : this.#channel(index);
    const constant = node.quoted ? undefined : CONSTANTS.get(node.name);
    return constant ? this.builder.constant(constant.value) : this.#unknown(node);
  }

  /** Index of a channel, −1 after an error, null when no channel has that name. */
  #channelIndex(node: NameNode): number | null {
    const found = this.#names.find(node.name, node.quoted);
    if (found.kind === "none") return null;
    if (found.kind === "ambiguous") {
      const places = found.indices
        .slice(0, LISTED_NAMES)
        .map((index) => `@${index + 1} (${shown(this.#scope.channels[index]?.name ?? "")})`);
      this.#error(
        "AMBIGUOUS_NAME",
        `${shown(node.name)} could be several channels: write one of ${places.join(", ")}.`,
        node,
      );
      return -1;
    }
    this.#warnMisleading(node, found.index, found.by);
    return found.index;
  }

  #ordinal(node: SyntaxNode & { readonly kind: "ordinal" }): Expr | null {
    const count = this.#scope.channels.length;
    if (node.ordinal >= 1 && node.ordinal <= count) return this.#channel(node.ordinal - 1);
    return this.#error("UNKNOWN_NAME", `There is no channel @${node.ordinal}: this image has @1 to @${count}.`, node);
  }

  #channel(index: number): Expr {
    const { z, t } = this.#scope.plane;
    return this.builder.channel(index, z, t);
  }

  #plane(node: PlaneNode): Expr | null {
    const target = this.#expr(node.target);
    if (target === null) return null;
    if (target.kind !== "channel")
      return this.#error("TYPE_MISMATCH", "A plane is chosen of a channel, as in dapi[z=3].", node);
    const sizes = new Map([
      ["z", this.#scope.depth],
      ["t", this.#scope.times],
    ]);
    const chosen = new Map<string, number>();
    for (const { axis, index, ...range } of node.axes) {
      const size = sizes.get(axis);
      if (size === undefined)
        return this.#error("BAD_ARGUMENT", `There is no axis ${shown(axis)}: planes have z and t.`, range);
      if (chosen.has(axis)) return this.#error("BAD_ARGUMENT", `${axis} is given twice.`, range);
      if (index >= size)
        return this.#error(
          "BAD_ARGUMENT",
          size === 1
            ? `There is no plane ${axis}=${index}: this image has one plane along ${axis} only, number 0.`
            : `There is no plane ${axis}=${index}: this image has ${axis}=0 to ${size - 1}.`,
          range,
        );
      chosen.set(axis, index);
    }
    return this.builder.channel(target.channel, chosen.get("z") ?? target.z, chosen.get("t") ?? target.t);
  }

  #call(node: CallNode): Expr | null {
    const row = callableNames.includes(node.name.name) ? findRow(node.name.name) : undefined;
    if (!row) return this.#unknownFunction(node);
    if (!this.#arityFits(row, node)) return null;
    const args: Expr[] = [];
    const options: string[] = [];
    let failed = false;
    node.args.forEach((argument, index) => {
      const { type } = parameterAt(row, index);
      if (type === "text" || type === "stop") {
        const option = type === "text" ? this.#option(row, argument) : this.#stop(row, argument);
        if (option === null) failed = true;
        else options.push(option);
      } else {
        const expr = this.#expr(argument);
        if (expr === null) failed = true;
        else args.push(expr);
      }
    });
    return failed ? null : this.#apply(row, args, node.args, node, options);
  }

  #option(row: FunctionRow, argument: SyntaxNode): string | null {
    if (argument.kind !== "text") {
      this.#error("TYPE_MISMATCH", `${row.name} takes a text in quotes here, as in ${row.example}.`, argument);
      return null;
    }
    const read = given(row.readText)(argument.text);
    if ("option" in read) return read.option;
    this.#error("BAD_ARGUMENT", read.problem, argument);
    return null;
  }

  #stop(row: FunctionRow, argument: SyntaxNode): string | null {
    if (argument.kind !== "stop") {
      this.#error(
        "TYPE_MISMATCH",
        `${row.name} takes numbers with their colours here, as in ${row.example}.`,
        argument,
      );
      return null;
    }
    const at = this.#expr(argument.at);
    if (at === null) return null;
    if (at.kind !== "const" || !Number.isFinite(at.value)) {
      this.#error("BAD_ARGUMENT", "The place of a colour is a plain number.", argument.at);
      return null;
    }
    const colour = argument.colour.kind === "text" ? normaliseColour(argument.colour.text) : null;
    if (colour) return stopOption(at.value, colour);
    this.#error("BAD_ARGUMENT", `Behind the : stands ${COLOUR_FORMS}, in quotes.`, argument.colour);
    return null;
  }

  #apply(
    row: FunctionRow,
    args: readonly Expr[],
    places: readonly SyntaxNode[],
    whole: SyntaxNode,
    options: readonly string[] = [],
  ): Expr | null {
    const coerced = args.map((arg, index) => this.#coerce(row, parameterAt(row, index), arg, places[index] ?? whole));
    if (!coerced.every((one) => one !== null)) return null;
    const refused = row.refuse?.(coerced, options) ?? null;
    if (refused !== null) return this.#error("BAD_ARGUMENT", refused, whole);
    const result = row.rewrite
      ? row.rewrite(coerced, rewriteTools(this.builder))
      : this.builder.call(row, coerced, options);
    if (typeof result === "string") return this.#error("BAD_ARGUMENT", result, whole);
    if (this.#halos.of(result) <= this.#limits.halo) return result;
    return this.#error(
      "TOO_DEEP",
      `This reads ${this.#halos.of(result)} pixels beyond each side of a tile; ${this.#limits.halo} are allowed: blur less, or nest fewer neighbourhoods.`,
      whole,
    );
  }

  #coerce(row: FunctionRow, parameter: Parameter, expr: Expr, place: SyntaxNode): Expr | null {
    const wanted = parameter.type;
    if (wanted === "any") return expr;
    if (wanted === "number") {
      if (expr.type !== "color") return expr;
      return this.#error(
        "TYPE_MISMATCH",
        `${row.name === "neg" ? "-" : row.name} takes numbers, and this is a colour: calculate first and colour the result.`,
        place,
      );
    }
    if (wanted === "color") return this.shade(expr);
    if (expr.type !== "color") return this.shade(expr);
    return this.#error(
      "TYPE_MISMATCH",
      `${row.name} takes a number or a shade here, and this is a colour: luma(…) is its brightness.`,
      place,
    );
  }

  #arityFits(row: FunctionRow, node: CallNode): boolean {
    const required = row.parameters.filter((one) => one.default === undefined).length;
    const most = row.parameters.at(-1)?.rest ? Number.POSITIVE_INFINITY : row.parameters.length;
    const given = node.args.length;
    const windowWithOneEnd = row.name === "window" && given === 2;
    if (given >= required && given <= most && !windowWithOneEnd) return true;
    const form = `${node.name.name}(${row.parameters.map((one) => (one.rest ? `${one.name}, …` : one.name)).join(", ")})`;
    this.#error(
      "WRONG_ARITY",
      `${node.name.name} has ${given} argument${given === 1 ? "" : "s"} here; it is written ${form}, as in ${row.example}.`,
      node,
    );
    return false;
  }

  #unknown(node: NameNode): null {
    const names = this.#scope.channels.map((one) => one.name);
    const similar = suggest(node.name, [...names, ...this.#bound.keys()]);
    // `UV-1 - green` without backticks is UV minus 1 minus green.
    const begun = names.filter((one) => !isIdentifier(one) && fold(one).startsWith(fold(node.name)));
    const close = similar.length > 0 ? similar : begun.slice(0, 3);
    const listed = names.slice(0, LISTED_NAMES).map(shown).join(", ");
    const more = names.length > LISTED_NAMES ? ` and ${names.length - LISTED_NAMES} more` : "";
    const constant = CONSTANTS.has(node.name.toLowerCase()) ? node.name.toLowerCase() : null;
    const meant = constant ?? (close[0] && this.#writable(close[0]));
    const hint = meant ? ` Did you mean ${shown(meant)}?` : "";
    const call = callableNames.includes(node.name)
      ? ` ${node.name} is a function: ${given(findRow(node.name)).example}.`
      : "";
    this.#error(
      "UNKNOWN_NAME",
      `There is no channel ${shown(node.name)}.${hint}${call} This image has ${listed}${more}.`,
      node,
      close,
    );
    return null;
  }

  #unknownFunction(node: CallNode): null {
    const name = node.name.name;
    const close = suggest(name, callableNames);
    const hint = close[0] ? ` Did you mean ${close[0]}?` : " The API's formulaLanguage lists all functions.";
    this.#error("UNKNOWN_FUNCTION", `There is no function ${shown(name)}.${hint}`, node.name, close);
    return null;
  }

  #warnMisleading(node: NameNode, index: number, by: "exact" | "folded" | "ordinal"): void {
    const number = /^[bB]0*([1-9]\d*)$/.exec(node.name);
    if (node.quoted || by === "ordinal" || !number || Number(number[1]) === index + 1) return;
    this.#warn(
      "MISLEADING_NAME",
      `${shown(node.name)} is the channel of that name, which is number ${index + 1}; channel number ${number[1]} is @${number[1]}.`,
      node,
    );
  }

  #warnShadowing(name: NameNode): void {
    if (this.#names.find(name.name, false).kind === "none") return;
    this.#warn(
      "SHADOWED_NAME",
      `${shown(name.name)} hides the channel that this name would find; the channel can still be written in backticks or by its number.`,
      name,
    );
  }

  /** Each warning once, at its first place. */
  #warn(code: Problem["code"], message: string, { from, to }: { readonly from: number; readonly to: number }): void {
    if (this.problems.length >= MAX_PROBLEMS || this.problems.some((one) => one.message === message)) return;
    this.problems.push({ severity: "warning", code, message, from, to });
  }

  #refuseManyChannels(outputs: readonly Expr[], tree: SyntaxTree): void {
    const count = new Set(outputs.flatMap(channelsOf)).size;
    if (count <= this.#limits.channels) return;
    const range = { from: tree.outputs[0]?.from ?? 0, to: tree.outputs.at(-1)?.to ?? 0 };
    this.#error(
      "TOO_MANY_CHANNELS",
      `The formula reads ${count} channels; ${this.#limits.channels} are allowed.`,
      range,
    );
  }

  #refuseManyTaps(outputs: readonly Expr[], tree: SyntaxTree): void {
    const taps = tapsOf(outputs);
    if (taps <= this.#limits.taps) return;
    const range = { from: tree.outputs[0]?.from ?? 0, to: tree.outputs.at(-1)?.to ?? 0 };
    const message = `Each pixel of this would read ${taps} neighbours (those of a median counted 20 times); ${this.#limits.taps} are allowed: use fewer or smaller neighbourhoods.`;
    this.#error("TOO_MANY_NODES", message, range);
  }

  #error(
    code: Problem["code"],
    message: string,
    range: { readonly from: number; readonly to: number },
    names: readonly string[] = [],
  ): null {
    if (this.problems.length < MAX_PROBLEMS) {
      const { from, to } = range;
      const suggestions = names.map((name) => ({ label: shown(name), replacement: this.#writable(name), from, to }));
      this.problems.push({ code, message, from, to, suggestions });
    } else {
      throw new SyntaxProblem({ code, message, from: range.from, to: range.to });
    }
    return null;
  }

  #writable(name: string): string {
    const index = this.#scope.channels.findIndex((one) => one.name === name);
    return index < 0 ? name : this.builder.channel(index, 0, 0).text.replace(/\[.*\]$/, "");
  }
}

function parameterAt(row: FunctionRow, index: number): Parameter {
  return given(row.parameters[Math.min(index, row.parameters.length - 1)]);
}
