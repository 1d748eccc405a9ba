/** A small language for filtering issues, such as: label:bug and (weight>3 or not author:kim) */

export interface Issue {
  title: string;
  author: string;
  labels: string[];
  weight: number | null;
}

type Expression =
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'not'; operand: Expression }
  | { kind: 'field'; field: string; operator: string; value: string }
  | { kind: 'text'; value: string };

interface Token {
  kind: 'word' | 'quoted' | 'operator' | 'open' | 'close';
  text: string;
  at: number;
}

export class FilterSyntaxError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(`${message} at ${at}`);
  }
}

const TOKEN = /\s*(?:([\w-]+)|"([^"]*)"|(:|[<>]=?)|(\()|(\)))/y;

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new FilterSyntaxError('unexpected character', start);
    const [whole, word, quoted, operator, open] = match;
    const at = start + whole.length - whole.trimStart().length;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted, at });
    else if (operator) tokens.push({ kind: 'operator', text: operator, at });
    else tokens.push({ kind: open ? 'open' : 'close', text: whole.trimStart(), at });
  }
  return tokens;
}

class Parser {
  private position = 0;

  constructor(
    private readonly tokens: Token[],
    private readonly end: number,
  ) {}

  parse(): Expression {
    const expression = this.parseOr();
    if (this.peek()) this.fail(`unexpected ${this.peek()!.text}`);
    return expression;
  }

  private parseOr(): Expression {
    let left = this.parseAnd();
    while (this.acceptWord('or')) left = { kind: 'or', left, right: this.parseAnd() };
    return left;
  }

  private parseAnd(): Expression {
    let left = this.parseNot();
    // Two conditions side by side must both hold, with or without an "and" between them.
    while (this.acceptWord('and') || this.startsCondition()) {
      left = { kind: 'and', left, right: this.parseNot() };
    }
    return left;
  }

  private parseNot(): Expression {
    return this.acceptWord('not') ? { kind: 'not', operand: this.parseNot() } : this.parsePrimary();
  }

  private parsePrimary(): Expression {
    const token = this.peek();
    if (!token || token.kind === 'close' || token.kind === 'operator') {
      return this.fail('expected a condition');
    }
    this.position += 1;
    if (token.kind === 'open') {
      const inner = this.parseOr();
      if (this.peek()?.kind !== 'close') this.fail('expected )');
      this.position += 1;
      return inner;
    }
    const operator = this.peek();
    if (token.kind === 'quoted' || operator?.kind !== 'operator') {
      return { kind: 'text', value: token.text };
    }
    this.position += 1;
    const value = this.peek();
    if (value?.kind !== 'word' && value?.kind !== 'quoted') return this.fail('expected a value');
    this.position += 1;
    return { kind: 'field', field: token.text, operator: operator.text, value: value.text };
  }

  private startsCondition(): boolean {
    const token = this.peek();
    if (!token || token.kind === 'close') return false;
    return !(token.kind === 'word' && token.text === 'or');
  }

  private acceptWord(word: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'word' || token.text !== word) return false;
    this.position += 1;
    return true;
  }

  private peek(): Token | undefined {
    return this.tokens[this.position];
  }

  private fail(message: string): never {
    throw new FilterSyntaxError(message, this.peek()?.at ?? this.end);
  }
}

function compareWeight(weight: number | null, operator: string, value: string): boolean {
  if (weight === null || operator === ':') return String(weight ?? 'none') === value;
  const limit = Number(value);
  if (operator === '<') return weight < limit;
  if (operator === '<=') return weight <= limit;
  return operator === '>' ? weight > limit : weight >= limit;
}

function evaluate(expression: Expression, issue: Issue): boolean {
  switch (expression.kind) {
    case 'and':
      return evaluate(expression.left, issue) && evaluate(expression.right, issue);
    case 'or':
      return evaluate(expression.left, issue) || evaluate(expression.right, issue);
    case 'not':
      return !evaluate(expression.operand, issue);
    case 'text':
      return issue.title.toLowerCase().includes(expression.value.toLowerCase());
    case 'field': {
      const { field, operator, value } = expression;
      if (field === 'weight') return compareWeight(issue.weight, operator, value);
      if (operator !== ':') return false;
      return field === 'label' ? issue.labels.includes(value) : issue.author === value;
    }
  }
}

const FIELDS = ['label', 'author', 'weight'];

/** Makes a filter of its source; an empty source lets every issue pass. */
export function compileFilter(source: string): (issue: Issue) => boolean {
  const tokens = tokenize(source);
  for (const [index, { kind, at }] of tokens.entries()) {
    const field = tokens[index - 1]?.text ?? '';
    if (kind === 'operator' && !FIELDS.includes(field)) {
      throw new FilterSyntaxError(`unknown field ${field}`, at);
    }
  }
  if (tokens.length === 0) return () => true;
  const expression = new Parser(tokens, source.length).parse();
  return (issue) => evaluate(expression, issue);
}
