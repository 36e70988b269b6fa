/** How numbers are dialed in one country (ITU-T E.164 and the national numbering plans). */
export interface NumberingPlan {
  /** The country code, without plus. */
  code: string;
  /** Dialed before a national number; '' for none. */
  trunkPrefix: string;
  /** Dialed before the country code. */
  internationalPrefix: string;
  /** The fewest and the most digits of a national number. */
  shortest: number;
  longest: number;
}

// Country, country code; then the fields that differ from `0`, `00` and 5 to 13 digits: trunk prefix (`-`: none),
// international prefix, digits. Without a trunk prefix, only the digit count identifies a national number.
const PLANS = `
AD 376 - 00 6-9|AE 971|AF 93|AL 355|AM 374|AO 244 - 00 9|AR 54|AT 43|AU 61 0 0011|AW 297 - 00 7|AZ 994|BA 387
BD 880|BE 32|BF 226 - 00 8|BG 359|BH 973 - 00 8|BI 257 - 00 8|BJ 229 - 00 8-10|BN 673 - 00 7|BO 591|BR 55|BT 975 - 00 7-8
BW 267 - 00 7-8|BY 375 8 810|BZ 501 - 00 7|CD 243|CF 236 - 00 8|CG 242 - 00 9|CH 41|CI 225 - 00 10|CL 56 - 00 9
CM 237 - 00 9|CN 86|CO 57 - 00 10|CR 506 - 00 8|CU 53 0 119|CV 238 - 00 7|CY 357 - 00 8|CZ 420 - 00 9|DE 49|DJ 253 - 00 8
DK 45 - 00 8|DZ 213|EC 593|EE 372 - 00 7-8|EG 20|ER 291|ES 34 - 00 9|ET 251|FI 358|FJ 679 - 00 7|FO 298 - 00 6|FR 33
GA 241|GB 44|GE 995|GF 594|GH 233|GI 350 - 00 8|GL 299 - 00 6|GM 220 - 00 7|GN 224 - 00 9|GP 590|GQ 240 - 00 9
GR 30 - 00 10|GT 502 - 00 8|GW 245 - 00 9|GY 592 - 001 7|HK 852 - 001 8|HN 504 - 00 8|HR 385|HT 509 - 00 8|HU 36 06
ID 62 0 001|IE 353|IL 972|IN 91|IQ 964|IR 98|IS 354 - 00 7|IT 39 - 00 6-11|JO 962|JP 81 0 010|KE 254 0 000|KG 996
KH 855 0 001|KR 82 0 002|KW 965 - 00 8|KZ 7 8 810|LA 856|LB 961|LI 423 - 00 7|LK 94|LR 231|LS 266 - 00 8|LT 370
LU 352 - 00 6-9|LV 371 - 00 8|LY 218|MA 212|MC 377 - 00 8-9|MD 373|ME 382|MG 261|MK 389|ML 223 - 00 8|MM 95
MN 976 0 001|MO 853 - 00 8|MQ 596|MR 222 - 00 8|MT 356 - 00 8|MU 230 - 00 7-8|MV 960 - 00 7|MW 265|MX 52 - 00 10|MY 60
MZ 258 - 00 8-9|NA 264|NC 687 - 00 6|NE 227 - 00 8|NG 234 0 009|NI 505 - 00 8|NL 31|NO 47 - 00 8|NP 977|NZ 64|OM 968 - 00 8
PA 507 - 00 7-8|PE 51|PF 689 - 00 8|PG 675 - 00 7-8|PH 63|PK 92|PL 48 - 00 9|PS 970|PT 351 - 00 9|PY 595|QA 974 - 00 8
RE 262|RO 40|RS 381|RU 7 8 810|RW 250|SA 966|SC 248 - 00 7|SD 249|SE 46|SG 65 - 001 8|SI 386|SK 421|SL 232|SM 378 - 00 6-10
SN 221 - 00 9|SO 252|SR 597|SV 503 - 00 8|SY 963|SZ 268 - 00 8|TD 235 - 00 8|TG 228 - 00 8|TH 66 0 001|TJ 992 - 810 9
TL 670 - 00 7-8|TM 993 8 810|TN 216 - 00 8|TR 90|TW 886 0 002|TZ 255 0 000|UA 380|UG 256 0 000|UY 598|UZ 998 - 00 9
VA 39 - 00 6-11|VE 58|VN 84|XK 383|YE 967|ZA 27|ZM 260|ZW 263`;

/** The countries of the North American Numbering Plan. */
const NANP = 'US CA AG AI AS BB BM BS DM DO GD GU JM KN KY LC MP MS PR SX TC TT VC VG VI'.split(' ');

const plans = new Map<string, NumberingPlan>();
for (const country of NANP) {
  plans.set(country, { code: '1', trunkPrefix: '1', internationalPrefix: '011', shortest: 10, longest: 10 });
}
for (const line of PLANS.trim().split(/[|\n]/)) {
  const [country, code, trunk = '0', internationalPrefix = '00', digits = '5-13'] = line.split(' ');
  const [shortest, longest = shortest] = digits.split('-').map(Number);
  const trunkPrefix = trunk === '-' ? '' : trunk;
  plans.set(country!, {
    ...{ code: code!, trunkPrefix, internationalPrefix },
    ...{ shortest: shortest!, longest: longest! },
  });
}

/** Returns the plan of an ISO 3166-1 country such as `US`; undefined for an unknown country. */
export const planOf = (country: string): NumberingPlan | undefined => plans.get(country.toUpperCase());

/** Returns the plan of a calling code such as `49`, of the first country that has it. */
export function planOfCode(code: string): NumberingPlan | undefined {
  for (const plan of plans.values()) if (plan.code === code) return plan;
  return undefined;
}

/** Whether the plan of this country is known. */
export const isCountry = (country: string): boolean => plans.has(country);
