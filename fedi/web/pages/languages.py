"""The languages a post may be said to be in, each in its own words. Source: BCP 47; Unicode CLDR."""

from typing import Final

LANGUAGES: Final = [
    ("ar", "العربية"), ("bg", "Български"), ("bn", "বাংলা"), ("ca", "Català"), ("cs", "Čeština"),
    ("cy", "Cymraeg"), ("da", "Dansk"), ("de", "Deutsch"), ("el", "Ελληνικά"), ("en", "English"),
    ("eo", "Esperanto"), ("es", "Español"), ("et", "Eesti"), ("eu", "Euskara"), ("fa", "فارسی"),
    ("fi", "Suomi"), ("fr", "Français"), ("ga", "Gaeilge"), ("gd", "Gàidhlig"), ("gl", "Galego"),
    ("he", "עברית"), ("hi", "हिन्दी"), ("hr", "Hrvatski"), ("hu", "Magyar"), ("hy", "Հայերեն"),
    ("id", "Bahasa Indonesia"), ("is", "Íslenska"), ("it", "Italiano"), ("ja", "日本語"), ("ka", "ქართული"),
    ("ko", "한국어"), ("lt", "Lietuvių"), ("lv", "Latviešu"), ("ms", "Bahasa Melayu"), ("nb", "Norsk bokmål"),
    ("nl", "Nederlands"), ("nn", "Norsk nynorsk"), ("pl", "Polski"), ("pt", "Português"),
    ("pt-BR", "Português (Brasil)"), ("ro", "Română"), ("ru", "Русский"), ("sk", "Slovenčina"),
    ("sl", "Slovenščina"), ("sq", "Shqip"), ("sr", "Српски"), ("sv", "Svenska"), ("ta", "தமிழ்"), ("th", "ไทย"),
    ("tr", "Türkçe"), ("uk", "Українська"), ("ur", "اردو"), ("vi", "Tiếng Việt"), ("zh-Hans", "简体中文"),
    ("zh-Hant", "繁體中文"),
]  # fmt: skip
