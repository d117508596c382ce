"""Names of time zones that tzdata does not have: abbreviations, cities, more names of countries."""

COMMON = (
    *("UTC", "Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Kyiv"),
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo"),
    *("Africa/Lagos", "Africa/Nairobi", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore"),
    *("Asia/Tokyo", "Australia/Sydney"),
)
"""The time zones that are offered first."""
ABBREVIATIONS = """
acdt Australia/Adelaide
acst Australia/Adelaide Australia/Darwin
adt America/Halifax
aedt Australia/Sydney
aest Australia/Sydney Australia/Brisbane
aft Asia/Kabul
akdt America/Anchorage
akst America/Anchorage
amt America/Manaus Asia/Yerevan
art America/Argentina/Buenos_Aires
ast America/Halifax America/Puerto_Rico Asia/Riyadh
awst Australia/Perth
azt Asia/Baku
bdt Asia/Dhaka Asia/Brunei
bot America/La_Paz
brt America/Sao_Paulo
bst Europe/London Asia/Dhaka
cat Africa/Maputo
cdt America/Chicago America/Havana
cest Europe/Berlin
cet Europe/Berlin Africa/Algiers
chst Pacific/Guam
clt America/Santiago
clst America/Santiago
cot America/Bogota
cst America/Chicago America/Mexico_City Asia/Shanghai America/Havana
ct America/Chicago
eat Africa/Nairobi
ect America/Guayaquil
edt America/New_York
eest Europe/Athens Africa/Cairo Asia/Beirut
eet Europe/Athens Africa/Cairo Africa/Tripoli Asia/Beirut
est America/New_York America/Panama
et America/New_York
fjt Pacific/Fiji
gmt Europe/London UTC
gst Asia/Dubai Atlantic/South_Georgia
hdt America/Adak
hkt Asia/Hong_Kong
hst Pacific/Honolulu America/Adak
ict Asia/Bangkok
idt Asia/Jerusalem
irst Asia/Tehran
ist Asia/Kolkata Asia/Jerusalem Europe/Dublin
jst Asia/Tokyo
kst Asia/Seoul
mdt America/Denver
met Europe/Berlin
mest Europe/Berlin
mmt Asia/Yangon
msk Europe/Moscow
mst America/Denver America/Phoenix
mt America/Denver
myt Asia/Kuala_Lumpur
ndt America/St_Johns
npt Asia/Kathmandu
nst America/St_Johns
nt America/St_Johns
nzdt Pacific/Auckland
nzst Pacific/Auckland
pdt America/Los_Angeles
pet America/Lima
pht Asia/Manila
pkt Asia/Karachi
pst America/Los_Angeles Asia/Manila
pt America/Los_Angeles
sast Africa/Johannesburg
sgt Asia/Singapore
sst Pacific/Pago_Pago Asia/Singapore
trt Europe/Istanbul
uyt America/Montevideo
uzt Asia/Tashkent
vet America/Caracas
wast Africa/Lagos Africa/Windhoek
wat Africa/Lagos
west Europe/Lisbon
wet Europe/Lisbon
wib Asia/Jakarta
wit Asia/Jayapura
wita Asia/Makassar
eastern America/New_York Australia/Sydney
central America/Chicago Australia/Adelaide
mountain America/Denver
pacific America/Los_Angeles
atlantic America/Halifax
alaska America/Anchorage
hawaii Pacific/Honolulu
"""
"""Abbreviations and the places where people use them, the likeliest first."""
CITIES = """
America/New_York: boston, washington, washington dc, philadelphia, atlanta, miami, nyc, pittsburgh
America/Toronto: ottawa
America/Chicago: dallas, houston, austin, minneapolis, st louis, new orleans, nashville
America/Denver: salt lake city, albuquerque
America/Los_Angeles: san francisco, seattle, san diego, silicon valley, las vegas, la, sf
America/Vancouver: victoria bc
America/Edmonton: calgary
America/Mexico_City: guadalajara, cdmx
America/Sao_Paulo: rio, rio de janeiro, brasilia, belo horizonte
America/Bogota: medellin
America/Guayaquil: quito
America/Argentina/Buenos_Aires: rosario
Europe/London: manchester, edinburgh, glasgow, bristol, leeds, england, scotland, wales, uk
Europe/Lisbon: porto
Europe/Madrid: barcelona, valencia, sevilla
Europe/Paris: lyon, marseille, toulouse
Europe/Berlin: munich, hamburg, frankfurt, cologne, stuttgart, leipzig, dusseldorf
Europe/Zurich: geneva, basel, bern
Europe/Rome: milan, turin, naples, florence
Europe/Amsterdam: rotterdam, the hague, utrecht, holland
Europe/Brussels: antwerp, ghent
Europe/Warsaw: krakow, wroclaw, gdansk
Europe/Stockholm: gothenburg, malmo
Europe/Copenhagen: aarhus
Europe/Kyiv: lviv, kharkiv, odesa
Europe/Moscow: st petersburg, saint petersburg
Europe/Istanbul: ankara, izmir
Asia/Jerusalem: haifa
Africa/Johannesburg: cape town, durban, pretoria
Africa/Lagos: abuja
Africa/Casablanca: rabat, marrakesh
Asia/Dubai: abu dhabi, uae, emirates
Asia/Riyadh: jeddah, mecca
Asia/Qatar: doha
Asia/Kolkata: mumbai, bombay, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad, pune
Asia/Karachi: lahore, islamabad
Asia/Shanghai: beijing, shenzhen, guangzhou, chengdu
Asia/Tokyo: osaka, kyoto, nagoya
Asia/Seoul: busan
Asia/Ho_Chi_Minh: hanoi
Asia/Jakarta: bandung
Asia/Makassar: bali, denpasar
Asia/Manila: cebu
Australia/Sydney: newcastle
Pacific/Auckland: wellington, christchurch
Pacific/Honolulu: maui
"""
"""Cities that no zone is named after, and other names of countries."""
NAMESAKES = {
    "san juan": ("America/Puerto_Rico", "America/Argentina/San_Juan"),
    "cordoba": ("America/Argentina/Cordoba", "Europe/Madrid"),
    "merida": ("America/Merida", "Europe/Madrid"),
    "norfolk": ("America/New_York", "Pacific/Norfolk"),
    "petersburg": ("Europe/Moscow", "America/Indiana/Petersburg"),
    "georgia": ("Asia/Tbilisi", "America/New_York"),
    "guadalupe": ("America/Guadeloupe", "America/Mexico_City"),
    **dict.fromkeys(
        ("us", "usa", "america"),
        ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    ),
}
"""Names of places in two zones, of which tzdata knows one or none."""
