const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const SYMBOLS: Record<string, string> = {
  '&': 'and',
  '@': 'at',
  '+': 'plus',
  '=': 'equals',
  '*': 'star',
  '#': 'pound',
  '%': 'per cent',
  '°': 'degrees',
};

/**
 * Rewrites a sentence as plain ASCII for the English voice. Dates, money, phone numbers and symbols become words. Amounts in
 * dollars, clock times and ordinals stay as they are, because the voice reads them well.
 * @returns an empty string if nothing can be spoken.
 */
export function normalizeText(sentence: string): string {
  const plain = unaccented(sentence)
    .replace(/\b(\d{1,2})\/(\d{1,2})\/(\d{4})\b/g, (all, month, day, year) => date(year, month, day) ?? all)
    .replace(/\b(\d{4})-(\d\d)-(\d\d)\b/g, (all, year, month, day) => date(year, month, day) ?? all)
    .replace(/([€£])\s?(\d[\d,]*(?:\.\d\d)?)/g, (_, sign, amount) => money(sign, amount))
    .replace(/\+?\d(?:[\d\s().-]*\d)?/g, (number) => (isPhoneNumber(number) ? spelled(number) : number))
    .replace(/\S+/g, (word) => (word.includes('@') ? word.replace(/\.(?=\w)/g, ' dot ') : word))
    .replace(/#(?=\d)/g, 'number ')
    .replace(/[&@+=*#%°]/g, (sign) => ` ${SYMBOLS[sign]} `)
    .replace(/[^\x20-\x7e]|[<>_~^|\\{}[\]]/g, ' ')
    .replace(/\S{40,}/g, (word) => word.match(/.{1,39}/g)!.join(' '))
    .replace(/\s+/g, ' ')
    .replace(/ (?=[.,!?;:])/g, '')
    .trim();
  return /[a-z0-9]/i.test(plain) ? plain : '';
}

function unaccented(text: string): string {
  return text
    .replace(/[‘’‛]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/[–—]/g, ', ')
    .replace(/…/g, '...')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '');
}

function date(year: string, month: string, day: string): string | undefined {
  const name = MONTHS[Number(month) - 1];
  const number = Number(day);
  if (!name || number < 1 || number > 31) return undefined;
  const teen = number > 10 && number < 14;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${name} ${number}${ending}, ${year}`;
}

function money(sign: string, amount: string): string {
  const [whole, rest] = amount.split('.');
  const [unit, part] = sign === '€' ? ['euro', 'cent'] : ['pound', 'penny'];
  const units = `${whole} ${whole === '1' ? unit : `${unit}s`}`;
  if (!rest || rest === '00') return units;
  const parts = part === 'penny' ? 'pence' : 'cents';
  return `${units} ${Number(rest)} ${rest === '01' ? part : parts}`;
}

/** Reports whether a number of 7–15 digits is a phone number, which is spoken digit by digit. */
function isPhoneNumber(number: string): boolean {
  const digits = number.replace(/\D/g, '').length;
  return digits >= 7 && digits <= 15 && /^\+?[\d\s()-]+$/.test(number);
}

function spelled(number: string): string {
  const groups = number.replace('+', 'plus ').match(/plus|\d+/g) ?? [];
  return groups
    .map((group) => (group === 'plus' ? group : [...group].join(' ')))
    .join(', ')
    .replace('plus,', 'plus');
}
