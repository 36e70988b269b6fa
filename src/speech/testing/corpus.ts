/** Sentences of telephone calls, written and spoken: digits, money, dates, names. */
export const CORPUS: { written: string; spoken: string }[] = [
  {
    written: 'Good morning, my name is Sarah Johnson and I am calling about my last order.',
    spoken: 'good morning my name is sarah johnson and i am calling about my last order',
  },
  {
    written: 'The order number is 4 7 1 9 2 6.',
    spoken: 'the order number is four seven one nine two six',
  },
  {
    written: 'You charged me forty nine dollars instead of thirty nine.',
    spoken: 'you charged me forty nine dollars instead of thirty nine',
  },
  {
    written: 'I paid the invoice on the third of March by bank transfer.',
    spoken: 'i paid the invoice on the third of march by bank transfer',
  },
  {
    written: 'Could you please send the confirmation to my new address?',
    spoken: 'could you please send the confirmation to my new address',
  },
  {
    written: 'My telephone number is 5 5 5, 0 1 0, 2 2 3 4.',
    spoken: 'my telephone number is five five five zero one zero two two three four',
  },
  {
    written: 'We will call you back tomorrow afternoon between two and four.',
    spoken: 'we will call you back tomorrow afternoon between two and four',
  },
  {
    written: 'The technician will arrive on Tuesday, the fourteenth of October.',
    spoken: 'the technician will arrive on tuesday the fourteenth of october',
  },
  {
    written: 'I have been waiting for three weeks and nobody has answered my letter.',
    spoken: 'i have been waiting for three weeks and nobody has answered my letter',
  },
  {
    written: 'Your refund of one hundred and twenty dollars will be paid within five days.',
    spoken: 'your refund of one hundred and twenty dollars will be paid within five days',
  },
  {
    written: 'Mister Anderson, can you confirm the last four digits of your card?',
    spoken: 'mister anderson can you confirm the last four digits of your card',
  },
  { written: 'It is 8 3 0 5.', spoken: 'it is eight three zero five' },
  {
    written: 'I would like to change my appointment from Monday to Thursday.',
    spoken: 'i would like to change my appointment from monday to thursday',
  },
  {
    written: 'The parcel was sent to Robert Williams in Chicago by mistake.',
    spoken: 'the parcel was sent to robert williams in chicago by mistake',
  },
  {
    written: 'My contract ends on the thirty first of December.',
    spoken: 'my contract ends on the thirty first of december',
  },
  {
    written: 'The monthly fee is nineteen dollars and fifty cents.',
    spoken: 'the monthly fee is nineteen dollars and fifty cents',
  },
  {
    written: 'Thank you very much for your help, that was very kind of you.',
    spoken: 'thank you very much for your help that was very kind of you',
  },
  {
    written: 'I want to speak with a manager, because this is the second time.',
    spoken: 'i want to speak with a manager because this is the second time',
  },
  {
    written: 'Please press one if you would like to hear this message again.',
    spoken: 'please press one if you would like to hear this message again',
  },
  {
    written: 'Goodbye Michael, and have a nice weekend.',
    spoken: 'goodbye michael and have a nice weekend',
  },
];

const ONES = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen';
const TEENS = 'sixteen seventeen eighteen nineteen';
const SMALL = `${ONES} ${TEENS}`.split(' ');
const ORDINALS: Record<string, string> = { one: 'first', two: 'second', three: 'third', five: 'fifth' };
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** Writes a whole number below a thousand in words. */
function inWords(number: number): string {
  if (number < 20) return SMALL[number]!;
  if (number < 100) {
    const rest = number % 10 === 0 ? '' : ` ${SMALL[number % 10]}`;
    return TENS[Math.floor(number / 10) - 2] + rest;
  }
  const rest = number % 100 === 0 ? '' : ` and ${inWords(number % 100)}`;
  return `${SMALL[Math.floor(number / 100)]} hundred${rest}`;
}

/** Writes an ordinal in words: `31` is thirty first. */
function ordinal(number: number): string {
  const words = inWords(number).split(' ');
  const last = words.pop()!;
  return [...words, ORDINALS[last] ?? (last.endsWith('y') ? last.replace(/y$/, 'ieth') : `${last}th`)].join(
    ' ',
  );
}

const oneByOne = (digits: string): string =>
  ` ${[...digits.replace(/\D/g, '')].map((digit) => SMALL[+digit]).join(' ')} `;

/** Splits a text into words; numbers in digits become words too. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/good-bye/g, 'goodbye')
    .replace(/mr\./g, 'mister')
    .replace(/\$(\d+)\.(\d\d)( cents)?/g, '$1 dollars and $2 cents')
    .replace(/\$(\d+)/g, '$1 dollars')
    .replace(/\d+(-\d+)+|\d{4,}/g, oneByOne)
    .replace(/(\d+)(st|nd|rd|th)\b/g, (_, digits) => ordinal(+digits))
    .replace(/\d+/g, (digits) => ` ${inWords(+digits)} `)
    .replace(/[^a-z' ]+/g, ' ')
    .split(/\s+/)
    .filter(Boolean);
}

/** Counts missing, added and replaced words: the edit distance of two texts in words. */
export function wordErrors(spoken: string, heard: string): { errors: number; words: number } {
  const reference = wordsOf(spoken);
  let row = Array.from({ length: reference.length + 1 }, (_, i) => i);
  for (const word of wordsOf(heard)) {
    const next = [row[0]! + 1];
    reference.forEach((expected, i) => {
      next.push(Math.min(row[i + 1]! + 1, next[i]! + 1, row[i]! + (word === expected ? 0 : 1)));
    });
    row = next;
  }
  return { errors: row.at(-1)!, words: reference.length };
}
