import { Field, Float, Int, ObjectType } from "type-graphql";
import { CONSTANTS, callName, type FunctionRow, functionTable, signature } from "../../formula/index.ts";

@ObjectType({ simpleResolvers: true, description: "A function of the formula language." })
export class FormulaFunction {
  @Field(() => String, { description: "As formulas write it." })
  readonly name: string;

  @Field(() => [String], { description: "Other spellings that are understood." })
  readonly aliases: readonly string[];

  @Field(() => String, {
    description: "Parameters with their types and defaults: `gamma(s: shade, g: number = 1): shade`.",
  })
  readonly signature: string;

  @Field(() => String, { description: "What it is about: arithmetic, display, colour …" })
  readonly category: string;

  @Field(() => String, { description: "What it does." })
  readonly description: string;

  @Field(() => String, { description: "A formula that uses it." })
  readonly example: string;

  constructor(name: string, row: FunctionRow) {
    this.name = name;
    this.aliases = [row.name, ...(row.aliases ?? [])].filter((other) => other !== name);
    this.signature = signature(name, row);
    this.category = row.category;
    this.description = row.help;
    this.example = row.example;
  }
}

@ObjectType({ simpleResolvers: true, description: "An operator of the formula language." })
export class FormulaOperator {
  @Field(() => String, { description: "As formulas write it." })
  readonly symbol: string;

  @Field(() => Int, { description: "1 for a prefix, 2 between two operands, 3 for the conditional." })
  readonly operands: number;

  @Field(() => String, { description: "What it does." })
  readonly description: string;

  @Field(() => String, { description: "A formula that uses it." })
  readonly example: string;

  constructor(row: FunctionRow) {
    this.symbol = row.name === "neg" ? "-" : row.name;
    this.operands = row.parameters.length;
    this.description = row.help;
    this.example = row.example;
  }
}

@ObjectType({ simpleResolvers: true, description: "A name with a fixed value." })
export class FormulaConstant {
  @Field(() => String, { description: "As formulas write it." })
  readonly name: string;

  @Field(() => Float, { nullable: true, description: "Its value; null when it is not finite." })
  readonly value: number | null;

  @Field(() => String, { description: "What it is." })
  readonly description: string;

  constructor(name: string, value: number, description: string) {
    this.name = name;
    this.value = Number.isFinite(value) ? value : null;
    this.description = description;
  }
}

@ObjectType({ simpleResolvers: true, description: "What formulas are made of, for completion and help." })
export class FormulaLanguage {
  @Field(() => [FormulaFunction], { description: "In alphabetical order." })
  readonly functions: readonly FormulaFunction[];

  @Field(() => [FormulaOperator], { description: "From the loosest to the tightest." })
  readonly operators: readonly FormulaOperator[];

  @Field(() => [FormulaConstant], { description: "Names for numbers." })
  readonly constants: readonly FormulaConstant[];

  constructor() {
    this.functions = functionTable
      .flatMap((row) => {
        const name = callName(row);
        return name === null ? [] : new FormulaFunction(name, row);
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.operators = functionTable
      .filter(({ category }) => category === "operator")
      .map((row) => new FormulaOperator(row));
    this.constants = [...CONSTANTS].map(([name, { value, help }]) => new FormulaConstant(name, value, help));
  }
}
