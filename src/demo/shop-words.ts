/** The words that the sample shop's people, places and goods are made of. None is a real person's or place's record. */

export const COUNTRIES = ['GB', 'DE', 'US', 'FR'] as const;
export type Country = (typeof COUNTRIES)[number];

interface CountryWords {
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly streets: readonly string[];
  /** Name, start of its postcodes, latitude, longitude; for US the state's code too. */
  readonly cities: readonly (readonly [string, string, number, number, string?])[];
  readonly second: readonly string[];
  readonly domains: readonly string[];
  readonly amazon: string;
}

/** Names from elsewhere occur in every country. */
export const WORLD_NAMES: readonly string[] = [
  'Agnieszka Wiśniewska',
  'Ana María Peña Ortiz',
  'Aoife Ní Dhomhnaill',
  'Burak Yıldız',
  'Chidi Okonkwo',
  'Đặng Thị Hương',
  'Dimitra Παπαδοπούλου',
  'Fatima Al-Zahra',
  'Giulia D’Angelo',
  'Håkon Bjørnstad',
  'Ivana Kovačević',
  'Jiří Dvořák',
  'João Gonçalves',
  'Katarzyna Łukasik',
  'Kim Min-jun',
  'Lakshmi Raghunathan',
  'Mehmet Öztürk',
  'Nguyễn Văn An',
  'Олена Шевченко',
  'Priya Venkataraman',
  'Raúl Ibáñez',
  'Sigríður Jónsdóttir',
  'Tomás Ó Súilleabháin',
  'Veronika Szűcs',
  'Yasmin El-Sayed',
  '李伟',
  '佐藤 美咲',
];

export const WORDS: Readonly<Record<Country, CountryWords>> = {
  GB: {
    first:
      'Oliver Amelia George Isla Harry Ava Noah Mia Jack Freya Leo Grace Arthur Poppy Oscar Evie Aisha Callum'.split(
        ' ',
      ),
    last: "Smith Jones Taylor Brown Williams Wilson Davies Evans Patel Thomas Johnson Roberts O'Brien Walker Wright Khan Hughes Edwards Hall Macdonald Ashworth Penhaligon".split(
      ' ',
    ),
    streets: [
      'High Street',
      'Station Road',
      'Church Lane',
      'Victoria Road',
      'Mill Lane',
      'Queensway',
      "St John's Hill",
    ],
    cities: [
      ['London', 'SW', 51.5072, -0.1276],
      ['Manchester', 'M', 53.4808, -2.2426],
      ['Bristol', 'BS', 51.4545, -2.5879],
      ['Leeds', 'LS', 53.8008, -1.5491],
      ['Edinburgh', 'EH', 55.9533, -3.1883],
      ['Cardiff', 'CF', 51.4816, -3.1791],
    ],
    second: ['Flat 2', 'Flat 14B', 'The Old Bakery', 'Unit 6', 'c/o Reception'],
    domains: ['example.co.uk', 'mail.example.com', 'post.example.org'],
    amazon: 'marketplace.amazon.co.uk',
  },
  DE: {
    first:
      'Lukas Emma Felix Hannah Jonas Mia Maximilian Lena Paul Leonie Jürgen Käthe Björn Jörg Sören Anneliese Emre'.split(
        ' ',
      ),
    last: 'Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Größmann Köhler Krüger Yılmaz Weiß von-der-Heide'.split(
      ' ',
    ),
    streets: [
      'Hauptstraße',
      'Bahnhofstraße',
      'Goethestraße',
      'Am Mühlbach',
      'Lindenweg',
      'Schillerplatz',
      'Gärtnergasse',
    ],
    cities: [
      ['Berlin', '10', 52.52, 13.405],
      ['Hamburg', '20', 53.5511, 9.9937],
      ['München', '80', 48.1351, 11.582],
      ['Köln', '50', 50.9375, 6.9603],
      ['Leipzig', '04', 51.3397, 12.3731],
      ['Freiburg im Breisgau', '79', 47.999, 7.8421],
    ],
    second: ['Hinterhaus', '3. OG links', 'bei Familie Köhler', 'Packstation 112', 'Aufgang B'],
    domains: ['beispiel.example', 'post.example.net', 'mail.example.com'],
    amazon: 'marketplace.amazon.de',
  },
  US: {
    first:
      'James Mary Robert Patricia Ethan Olivia Mateo Sophia Liam Emma Tyrone Camila Wyatt Harper DeShawn Nevaeh'.split(
        ' ',
      ),
    last: 'Johnson Williams Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Anderson Nguyen Jackson Washington Kowalski McAllister Begay'.split(
      ' ',
    ),
    streets: ['Main St', 'Oak Ave', 'Maple Dr', 'Elm St', 'Washington Blvd', 'Sunset Ct', 'County Road 12'],
    cities: [
      ['Portland', '972', 45.5152, -122.6784, 'OR'],
      ['Austin', '787', 30.2672, -97.7431, 'TX'],
      ['Chicago', '606', 41.8781, -87.6298, 'IL'],
      ['Brooklyn', '112', 40.6782, -73.9442, 'NY'],
      ['Albuquerque', '871', 35.0844, -106.6504, 'NM'],
    ],
    second: ['Apt 4', 'Apt 12C', 'Suite 300', 'PO Box 88', 'Lot 7'],
    domains: ['example.com', 'mail.example.com', 'example.net'],
    amazon: 'marketplace.amazon.com',
  },
  FR: {
    first:
      'Gabriel Léa Raphaël Chloé Louis Inès Jules Zoé Étienne Océane François Noémie Anaïs Loïc Hélène Yacine'.split(
        ' ',
      ),
    last: 'Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Lefèvre Benoît Garçon d’Estaing Müller-Roux'.split(
      ' ',
    ),
    streets: [
      'rue de la République',
      'avenue Victor Hugo',
      'impasse des Lilas',
      "rue de l'Église",
      'quai Saint-Michel',
    ],
    cities: [
      ['Paris', '750', 48.8566, 2.3522],
      ['Lyon', '690', 45.764, 4.8357],
      ['Marseille', '130', 43.2965, 5.3698],
      ['Saint-Étienne', '420', 45.4397, 4.3872],
      ['Besançon', '250', 47.2378, 6.0241],
    ],
    second: ['Bât. C', '2e étage', 'chez Mme Lefèvre', 'Résidence Les Acacias', 'Porte 5'],
    domains: ['exemple.example', 'courriel.example.org', 'example.net'],
    amazon: 'marketplace.amazon.fr',
  },
};

export const COMPANIES: readonly string[] = [
  'Ashworth & Sons Ltd',
  'Bürobedarf Größmann GmbH',
  'Café Zoé SARL',
  'Cascade Outfitters LLC',
  'Fahrradhaus Köhler OHG',
  'Hôtel du Quai SAS',
  'Lindenhof Gärtnerei KG',
  'Northgate Catering Ltd',
  'Penhaligon Garden Centre',
  'Quincaillerie Lefèvre',
  'Rocky Mesa Supply Co.',
  'Schäfer Haustechnik GmbH',
  'The Old Bakery Tearooms',
  'Wright Brothers Fitness LLC',
];

export const GREETINGS: readonly string[] = [
  'Happy birthday, {name}! See you on Saturday.',
  'Alles Gute zum Geburtstag, {name}!\nDeine Oma',
  'Joyeux anniversaire {name} ! Gros bisous de toute la famille.',
  'To {name}: congratulations on the new flat. Love, "the 3rd floor"',
  'Thank you for everything, {name}.\tYours always',
  'Get well soon, {name}! We miss you at the office.',
  'Frohe Weihnachten, liebe Familie {name}',
  'For {name} and the baby \u{1F476}, with love',
];

export const ANSWERS: readonly string[] = [
  'Arrived on time, {name} at number 12 took it in.',
  'Great, my daughter {name} loves it.',
  'Box was dented. Please call {name} before the next delivery.',
  'Schnelle Lieferung, gerne wieder. {name}',
  'Trop petit, je voudrais échanger. {name}',
  "Didn't fit; returning it. Signed, {name}",
  'Five stars from {name} \u{2B50}',
];

/** What staff write; no personal data. */
export const NOTES: readonly string[] = [
  'label reprinted',
  'split shipment: second box follows',
  'address checked with carrier',
  'voucher SPRING used',
  'packed with extra padding',
  'stock moved from warehouse 2',
];

export const PRODUCTS: readonly (readonly [string, string, number])[] = [
  ['LAMP-OAK-01', 'Desk lamp, oak and brass', 79.9],
  ['LAMP-FLR-02', 'Floor lamp, linen shade', 129],
  ['MUG-BLU-04', 'Stoneware mug, blue, set of 4', 34.5],
  ['MUG-GRN-04', 'Stoneware mug, green, set of 4', 34.5],
  ['PAN-CAST-28', 'Cast-iron pan, 28 cm', 49.95],
  ['KNF-CHEF-20', "Chef's knife, 20 cm", 64],
  ['BRD-WAL-40', 'Chopping board, walnut', 42],
  ['TWL-BATH-2', 'Bath towel, organic cotton, pair', 38],
  ['DUV-DBL-13', 'Duvet, double, 13.5 tog', 89],
  ['PIL-MEM-01', 'Pillow, memory foam', 29.9],
  ['RUG-JUT-160', 'Rug, jute, 160 × 230 cm', 149],
  ['CLK-WAL-30', 'Wall clock, 30 cm', 27.5],
  ['CHR-OFF-01', 'Office chair, mesh', 189],
  ['SHL-PIN-05', 'Shelf, pine, five boards', 74],
  ['TRK-BOT-75', 'Steel bottle, 750 ml', 24.9],
  ['TRK-BAG-30', 'Day pack, 30 litres', 69],
  ['TNT-2P-01', 'Tent, two persons', 219],
  ['SLP-BAG-00', 'Sleeping bag, 0 °C', 119],
  ['BIK-LGT-02', 'Bicycle lights, pair', 32],
  ['BIK-LCK-01', 'Bicycle lock', 39.9],
  ['YOG-MAT-06', 'Yoga mat, 6 mm', 28],
  ['HED-PHN-01', 'Headphones, over ear', 99],
  ['SPK-BT-10', 'Bluetooth speaker', 59],
  ['CBL-USC-2M', 'USB-C cable, 2 m', 9.9],
  ['CHG-65W-01', 'Charger, 65 W', 36],
  ['TOY-TRN-24', 'Wooden train, 24 pieces', 44],
  ['TOY-PZL-1K', 'Puzzle, 1000 pieces', 16.5],
  ['BKT-PCN-04', 'Picnic basket for four', 84],
  ['GRD-HOS-25', 'Garden hose, 25 m', 35],
  ['GRD-GLV-M', 'Garden gloves, M', 12.5],
  ['CND-SOY-03', 'Soy candles, set of 3', 22],
  ['TEA-ASM-250', 'Assam tea, 250 g', 11.9],
];
