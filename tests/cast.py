"""Who appears in tests: alice and bob are people of this server (fedi.test), carol and dan are on peer.test, mallory is hostile.

Their keys were made once and stand here: making an RSA key takes up to 200 ms. They vouch for nothing outside of these tests.
"""

import base64
import hashlib
from typing import NamedTuple

from fedi.activitypub import keys, signatures

DOMAIN = "fedi.test"
PEER = "peer.test"
EVIL = "evil.test"


class Person(NamedTuple):
    """Somebody with keys. `host` is '' for people of this server."""

    username: str
    host: str
    role: str = "user"

    @property
    def uri(self) -> str:
        return f"https://{self.host or DOMAIN}/users/{self.username}"

    @property
    def rsa_pem(self) -> str:
        return rsa_pem(self.username)

    @property
    def ed25519_pem(self) -> str:
        return ed25519_pem(self.username)

    @property
    def key(self) -> signatures.Key:
        """What they sign requests with."""
        return signatures.Key(f"{self.uri}#main-key", keys.load_private(self.rsa_pem))


def _pem(text: str) -> str:
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])


def rsa_pem(name: str) -> str:
    """The RSA key of somebody in the cast; extras share one."""
    return _pem(_RSA.get(name, _RSA["extra"]))


def ed25519_pem(name: str) -> str:
    """Everybody has an Ed25519 key: a seed made of the name, in the fixed frame of PKCS#8."""
    seed = hashlib.sha256(f"ed25519 of {name}".encode()).digest()
    return _pem(base64.b64encode(bytes.fromhex("302e020100300506032b657004220420") + seed).decode())


_RSA = {
    "alice": (
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCUzactoO6E8JU3PyS/BKBkb/556tHpbqRpUonuPXC71amYpjDzjYJWtDjcheCnQuiiaTmG"
        "ctYpf8f138Wa4GAyqdD54MUHqC71ZwqP609ZHtrxgF8RADPfvYAfXKEmUS0mthmKz9JlJktf/LzuzsS9JjnBkkyL2heGmUUdiq818PcuT7gOpFUds8NcUXQr"
        "KqHvhjH0LpEwWWl8Nn9Tszyn7k/bzT/h/iL0rwDDB+o+BTztuiTc5603ss9f2VD4OczAVQpMi1SPWeqVIUH8cuVKdnIvNKmpwlccrcVzzzIlBFDY0/ZdFh3J"
        "ixDM6IBcOA0hVYJeEHdCjnBUAdtkaeMvAgMBAAECggEAAe5bTY3JmqMOpK1mmi4CsNr9N/LSr49WheFi1dspQ97FeSwq9XYwK1TiagY4wKLvJvBrpTGHUvmM"
        "DEZPp69iwDWQ9zUyCWPm3BtuuShqGrN6TukGEs/oXG52o7GNi9RA3EA/u5vv1I03LDM49nZrejLtS/RMlwIJDR+fFH+Qv4fwdEWuqZmuTigmLYTZnO6iVP4E"
        "ake6lESQVWI+ZgNRMmA153K3aYpmIrdhwlRWN0YnFzb042J2ra6wOno8PCqlgut1XUxGZybD0GYLo/60jucKBr4rHdzHO+WQ9r7bFfmenT2s6ChieX0acn/U"
        "2fEhEukK0R1Mzj6txe/be66B+QKBgQDGBw6kdG+OIqSy8XC+bLwgW2FkHWH3b3QyafSGWfsWaHgx6SAN0z8h45djyH6sqDvJPKIDdn93Xld8X6JWGcILA/Ly"
        "sRAnRCq/SGbBHzGJr7/TUnf7J7DQ4p699rxZDdp4FtU6pLXRNSfXK42KX78y0ZYQU7AGN6LeNFdB/VU8twKBgQDAXYskX470ev9Pui7HkYIkYZ8Jpf51VWVC"
        "hmuTdh4gBPHk3F3GEmo4Q/S0ZJwKFLKd3yIIUHqNZVyOGOha6tgsa5LrSIOLYM5B+dhw5i5g/WlvhTzzIGz/xyMWcdcmf4xlquGkcWcuqxbw6HUxWfAxvW1a"
        "0QBL2xDjqOIB1nQFSQKBgBhmSDSVMCWYOSjfPOAJr8hg2ggm4qpFLlED4yAmuBxTtPOZYNyzOaUoUL/3tTv64pryAJhiomQH2Mm3Ut4/ADyxON8UWAQujwHQ"
        "nvCOsmDfqcgU8jmc81lZguuvGhfy8Ac58P3vy4NChG0rrZ3uHDXbwxyx4w9xDX1Jf7LezwDTAoGAbds+IjicWEyBz9NA8eHMU+CYRZdRmUp6eKJxfxY+oASS"
        "7CNZPku384gDkJ3AaxVk6DnMorjrNCLF17SrxXhGmh+ZGNshnJBdWlpH3DnoFKXD99c8dpB3Dx93j1LWDvtaf5k2IYZN6d31TQFEJDn7rTxD3lBrfeaOX6VL"
        "5MbHHVkCgYByZah1cDuAUvMAzULHiX1L7BDpf0+4xtwlOJIEB1XJcodQtulpVAtw20BKpET1X34FxzIN02BCvXNPgLQDxWozptioQFzG7f1p8yVFoChpxxKD"
        "Dui01WfbY4fEQHIvzenhzNme9AOnnUI3iD4VzB+TA8uIwD1iSJz/zO6PkRc5Ew=="
    ),
    "bob": (
        "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDZ32yVDKkIhd57+DUSWvg+7SpIb9ItrKQSOMBTMwjPT6zb6HChH4cTswKJd4f01d6+LMjU"
        "H9VBJ0MnjimCxAtgEXbHFk/ZnDzgnC+HV1KR4bfPi/PGOnI8HQY3iiBQdsnGuFvzOFRY1WGn90DLWMTdzviGEiLSWsXo1BkQ4W+JTijITW6MCyQUuwL1UBPi"
        "KIBxbg2XvqqGsbdStepegAqoBmFjpZ5vu1rerjAtKPlpLcwAmQbr7Fmu24KFzrlYwtNmP2GDBm7J3o0GYBLRur1eGSgcw+5vVb5+7Bi7VDj+32LaOWP+9ixg"
        "KndB2WnszIHEewvrDGqnTHJhA0qgDYWDAgMBAAECggEAYhXge+/Br6kZAyW4uuVCio3aMddJv69QBDYRe8NnjXF4yF4KSrd3Z+p402uBRTv9tg9ScJFOQDFN"
        "XeL2FD1vQ5ZJK5MDatwYWiRmj19EOJHuXx1KJ62LXT3R3TItnxwDdhfsqYBsFLwn5Wb+gC2cH6G8qBtFGv+rxsip6jwbqyu0q+vbCIhX++SlCJW+wFriFeHb"
        "PrT9hNA4KqdspdC6dCKooC5m6GCIwudwCyOwwVBVpZsgO9baG6PGnh85IZW6xtezyoWwcPrc38Dz3Ao5jqSVsuAO5IacAH0mwzstTfZNQi3CJT2iR+FN7OJL"
        "C2beSBO4Hx+XRr2proWpsxZYaQKBgQDvrkEBYqn4paZi3PwxLggXcZDvkhAgIp+b8qpbLrQ2SXjUI14inwaqHFq7dGEVY/CM7pnoHuLtyeG8wG0HN3AK9YSt"
        "CuFQE3MppKcrjYozK7U7U4Sv3/Eycwy0dQhzTB58FNjZd+Shf0bq/DqEvYwMCXGNqcNRalT6AxMRsRn9yQKBgQDotQw/ujTx1hfHq+o6J5XkdQVGqKCJ8zl+"
        "pmutMnchU/iGGT0KYPW4f8qx9fvcQTzJbtI95NuXhma6LPKJgxsi8zsEsQ0Jy8qwezqQ7w/1TFG6IL12Dz459uiVGV1Q7UJa5AOiFstwesteKaL5USku5jmd"
        "0DbKr4VE1bL2n9Qe6wKBgQDVxBGgPbIg3QUH+dZHuqlm11gQA7K0Jo06FnVP+9io7mCAu8aSlEjqYX2e4M5RuJ/r4kaMWzfEIyFdKjZTkGMyswURHLoVpDM7"
        "OeoLEyLmPp5V+khGYDIL78auEA9oXcR2oFVDqAXW7+B9ZlZ+21tTxPxs/7L/IxoFHcbdKZpn2QKBgQDcGEjSiWqEBQsOxjHN+RzTLD7mOp1EfHA3sm2LLXzx"
        "X7tiEcLi6xvc+bkbol0pT+aPWiqtcaSj5vGISvTGTONApi5+3HpJdp9pVdPpusIsLpfp5Adt/zLKnhYS1x+kaBLnZlttVgPqiamJkPXcuv+ppQR/l6wK/gGd"
        "PkV672YwKwKBgFmJoux1z/S65MZEsqsv73YKlrpn2coQb6KftzCb+8KQNeIdKiabPkde8iNnUzvimKDzvfodKs89uj0IJYQywg2DjS825OAShH0qwCK1yXb9"
        "tWwzZ4/VYPIasAgwfAvU4mHxEw0jsLen+FqLisGzUe9M0hv38gcYknHfz1d7DK55"
    ),
    "carol": (
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDB8utVYDPcH/HGga/sQBSEhTMGJiZZOVo1+qhTspA4PImS/3v+uAa+zfvJsdEJX4esGGdb"
        "S0FLD4bFATqAm03ObmA50//i93rndYcMnz2hakF80Ur/fA8VLc9L22xa3eL13xyvDnClaQov6vVvdr6YR7qxIF2nOxrrsUq3ARmfJwobbPODLd/JpATdAXRp"
        "W6lDphVxhM5ZRVbJ6c2yiTA4tmHeRhvy2PxH9U9o8V7NzJJooJQW+wfPIaoMwEbkbqutkpuP+ojS63lb9T3Jb8RyUYI3OWFFajBvLEQQ0uVUz5+JJrgYD8/0"
        "C9Bs1Q8MD8CSLi+DOI9ofDyNIhzbINgdAgMBAAECggEADN1LBMezyOcJh2w0ugvqEHwxTTgclRB7zlbI8XxHmqNRUMHHfLbCI8fP6qnzvpZqjly0BlcwhoUK"
        "IGkbc0pZ19Z0ZYGNWIWnzlB6W7j4Qoukul27hsS4z2PReyubvU84bayV33qquB4GgfUowHL0427mkDcgXyZJe9avqQHWrDqx/KkWi6m8BJziFRikIBPPzDgN"
        "Zi4cPtJT5OCPUTZiJyA1V7yy2Lq6XAk1Yaribk7+24s3iBtq+LtXd9cptXS9x1UEvy34ph1gI8NWZDVKY1ZHPPC8wjwee3TvO+yEBWs05o5RMlqiuv7hq8Jz"
        "Jdi6gNmaz6zP+CJlU8ITZaFl9QKBgQD08oMHgpaKTScdVJUCIxJAFeXWUGsjdqDBGzJpoDJvOrUSQmIY+Df1f5zAvfYzI95WpZcaS66MaQgX0108l3Y3gcEp"
        "JZDy/FM8RfCmnUNmCY74CbnIFAExnnWgURh5gImNigoASeIaMeOqOHeM1/H8cvXNy2sYiWNKJKSOGMZaNwKBgQDKs0269epUlRw5GTHHGC29RgXg48O4YBs1"
        "Uw4ROaMOKydEqIzCaLjBINNwSY83m3omLQlplHlaO/lnopaYuNUqBdhkNhMkpPKuNTPA1duI81m9C/2kra2Aou4xNsMU2cvLGwOG8e90//Tf6NwSO+WuW2aS"
        "hbVXA7TOARzZZEHmSwKBgAYFbBkkKaUurlZ3PM53pDw1DZhOE8QkZ2E31O5pxLOdQtQ3E4g/mciMIYNPaBzrtcx1d5hq4diLwGothO43Xu2QX/ot9Tkz4Kvr"
        "oDXISd7ZP01zl8CGVV0t4wBU3gAmm7sB+Kr3Jfq03T7S8oVgzY8CGG69oF1TC0DIU882ZrHTAoGAF8Wrig+pKb5LDw87XUQiqR37NoK/w3HR/xD8h1yhGNpK"
        "wqyZxXsOn+e/pF2cJENhsfR6NB2rlb+O4m6ZBtQ2e7UvyaDl4dhOdcvbg/QQySDxF1C+sH+F5540HSV0/48DbZB/e2YIVUpnZ5MhrCnGKAqkHu77c3cFz1sm"
        "DQDLEb0CgYBhU5S9XnC60XBOJkoJtnLPnpgy6VdxgpfwJENk1pND2GmoV4WFDSNgNNGmNCZZv9ss6NlD1j0kfLf6zZJTF5t8651BqcmArK48arOiEcOf9wRM"
        "EF/njcaeJl6OLBCOQb8lMJb4r6UIR1XA2PMhRv26iTyUq6Vu2OVMS4+qS5aaLA=="
    ),
    "dan": (
        "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDHW50Erne1WIyRM7KNCXbXlzzvMehPG6jGRsAFNz3b9uWsuMe3BBnU1q3UT9She80jNiVx"
        "vdIFB85c/P/xSsn09D3/tnKpgnaXnAyVlQO5ulwco8X4IjI0/dpKIgn0v/dKcbfrrrNaBw5vmCdXaVQiq1p5ryyluA2GpkUf1F9oxcg6XxQbcLGc2Pp+1hYK"
        "SR8QtGsr6ehYgM7cm0QDJsaZrrHvkapaljXt5i3QsPJBrhmGOy7Kt0c9zsaA87KOdpp85Jtgd5ukEyKdEK6UIjtfyTKCleFrXOVEhX24AE+fy6Sa+5pnmheT"
        "KrDyj3F7Gs+yAVz4UCLrniNASNxq7u3nAgMBAAECggEAR8sw2VpBZw/8E2CUSSFi6JIhEh0dhbu2xKz/AwHZZ6lbHiAvYDP8X39ue3rCXuNYRXl+857CDyi4"
        "AxnjzFA8OdhpqXjZgz0mG0RJ7eaLwGuiN3gtV8Zs4VOYNMFcZ4Vod6lLbHduRJos8zhO1rZqY8/k1dSllgqZ6GdhlmxjbbXFXVorx94nc/ZngmUVOqz5N15t"
        "qVOaKSJU/piClmMvhBNL8WpixGrrm5iaOLCJoY/PFqNSEBr++ffkOI5r+zWiqcWIftk/Ikm7pEeAEjiBLCB1MbtmALR9XN2gq2KnC2TUAYkbLvftHKZQLVGl"
        "NjuNprWPLK4qIgZfX1b/EIIhlQKBgQDyivULgsjCTKlH2IhcImq/0sPYcc31X+BOYpu335tdF9xV1UxinPsr5N1sar4sfOfQbz+/CU0l5nxlUa/Z/G3cQz3R"
        "MsIPAmztZZPUdUwI4078ZGhL+pIhbmQeubMFlJHY6wUVnhrsdqytspcasK+rZSTRX9U/rm9NSq7eNxOe8wKBgQDSa0N4zN9/1DFq2KBOhRnn29RDRCcz6II8"
        "7HVtmG/u0mjpp/P1xLEjo492pQI1nTCew3ftmx/1itAWEN7uwvJGfoEyh/qRSMneDU76LPmCkQZyHsHiNoBo3yC7EOaPbLkrm1eP9sDyoDzmw8xWuhjAQfVN"
        "5uuQ3zvN4FDw54U6PQKBgQCPce+LZ0Yk5AIaI85B73kDCjwZ/vS4coPO2DMQhIb2f+4oNYZ/rChAxZLPVDI1TYoslB83dODT0YUwxych3VF8O6iL2WE8T0rs"
        "/G558QWPHCDS1O96QC+85fUA1wMyAbRgfl77cg6qW2W1NTJ47pZ239LuoacViqz5IXpaomhQUQKBgQDD62XGa5PKdOuSXaNdmObXEMMh4qpR1bK2QUDRS7ck"
        "+jr/HAe2FW8ODPO+d8OH4hVsLfpTfTWTra00bn70dwWYh5+KSjwO3GRBYcjgfdHQNXJ3/ZVvKGoFu4PBSeozLvt208wC2rEq9/HcuABh3CLBmGhsIY/Cs2f+"
        "uFcFB7zvzQKBgCfC2lfjvaw0LYbDbC01zqMecfbJRwUvzA3lNfMbfrQQV3h6LJrDJ8XjEiSG+t5NmjaO5tRNgpqdVOtFx1iNYTt3+EESXqn4zesTxTlfjhO/"
        "dlB/UpY6gPwkNhTixGBZUdZSqkQLNv/Fb2qaZtcF+AtVbXjHUzi6nbd3jKz1sjTy"
    ),
    "mallory": (
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDafCROFYaz1vVhLy5VUm1Ov3BPVuT0PqMeCf4QUXB4JzhK1PBvf7+FKA+U9lcM0OV5rtHb"
        "ctJWgr0OJaThNyc4eL11PfQki5ukyxMsGBEjrXQH7P0WPkggc953SWbCl9hyVywM8ifjcngfdfLH0AXz19NdjmnILyzXtPg2n8+RfsFTx+hZuyJN4xfBO1Jw"
        "diykAbfKlmeJaDMwwcnkmq3gbHChDOGMLJRMZ7U6ylHQiMcMx6Y9hlIJVl6IFRnAroYbZOD1Y3DSmmHU/nd5l7HZZY0V+jhmlcz7eIT4iYsmhsuqcFMWrypf"
        "yvkDjNDeHFG6c8AuNRxVXGOFclDmmuD/AgMBAAECggEAKIngMpzL4ZKA9QdMEYi5v2LF8/KriKYWnfw8p8p0k9azGy9nbUjGwG4udfU/MaGQ8oL9bTpgzKx1"
        "Z6qUbTVOkavVe2uDYUSGHI2RgRz2ESid3tqaGwZzW5IkNP3pkzGZd521DrHftNQIdc3sviZa9GOXVESYXAxkxaFObNQ6L0R9042xfKme1FbJDLvtPMn4hTQc"
        "v7kFi7SrI2XivlIwMK6swRUMdqLO94ByL9gmiETvpoFhL+FHUeiqFWkEeh4/fKKOIUMtUIfGeJ2p0pd/g/4gFVLArov2K/D1yxJ4Qm1UBtEl7/QMVOn0DWu2"
        "H8A+iX2QUKxHFdGQ95I+PPTgAQKBgQDwuX8z2TBtJCKjkfqaTBWYaDgXWMqpn+qe0SrI7ANn3Xt9jC5FrijEddKCJH7R2J+ItPSRj7Y3Hk4K6tIFP82RcnUv"
        "OCJuqd+MDyE66G+yvS7QPu3fLhsBtByUus2J4BDT6y00228TENM5EJNoYIxHU8fEW56uKbqBmAyFQzzY3wKBgQDoWV4oKGRnDwXl9o7+W83w4evxivACh0Ek"
        "CP/4H+XJ/j/TFi3RhBfniXVVGh6QzTpBeHn+FYIknpHXsmr0xjX5e8GoOjHhaEkr/wpSdNVtBALHNaQjTGyMH3Ys9M1zXJMjHMubg3YQYgkTquUffcPzSnWL"
        "sPmirHXzQDF2bxdb4QKBgFvHrbr79N236EkLEEwh9B3epnwoS2Su5wpUX4apjYbdSAcPGllQ1JRLA87A0WV6vSCnNZQGAggz0reQ3jBIKj1pMUqmkWI1/Fhv"
        "MFFAa83vGVkmlRUBhCR7ImaGbnVB68iQovTDMS9Iu+/G5RznqrRLOiAgeniWylg8u5FXmGxrAoGAQ3FFWmS3GA8NSD30LbLaKVR6lyccGa/G4b3XBt/DZIlv"
        "X0ctz4YHJkcJDsXBH4jiowRkbLMzjouUi8aXMyuhmSQqBzm1JteNfb7O8TZGiRlD8S0J0tEpJNcxB0WbqSOy9dsy4pYbHBBI0DOnxCdOTH1Nd1nMbEKhDhWR"
        "Be6jGiECgYARAn3CGsBaFTx+kQlSaJVaVYIEnWUSs7TmEC4f5Bm3pM0+eWP3jS2hJCkekXNWY+dbIbiUtUC9gF7HpWJD1tl90CBXW2X8si/1th1uHjZ7YGWH"
        "kXEHAMgHnMaQfGKIaZOYOt4+2GydE/HKnzH6AHrnRx903CnujuZXeVdnPovKog=="
    ),
    "extra": (
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCyH+mSMYcF23fCCm2e4qHaj05yilcho2R+NOTVMPtksxjmm4fBU1BZHXUWSKZNwr7aTruV"
        "6A4qdV1jR7nx9VksOEBB8wg5B87FTGXcx4Dj5humsKkcX4ZWYJ3hU6Ep0GiHXWi7VB+o8JeN30u9gkD1B8O6h14yNaecUlsjRRC4vSn6cyP4OOa9gTlNsPdN"
        "zb3ymXbvnxvoeczOwEUfPdApzzG20Jfm6oby0SG8NnMULdDzCNLyPU6VCi1jkMNlcDi6U8qP+CooGGpVn4QbG93ImzBmTseQ0odOcZd1cf7gsJcktvckGR1Q"
        "S3m5WNLfjzGftgHmqPl0EsiR5YzdhgJvAgMBAAECggEACAIxBMsaaZZvEWoQVD8E31p5ieMcs8YwmH0w5K879Sv00Tl8XVkbBtj6NUVsEnSr7laDTuQfOBIN"
        "FtjF3pteOHFScAASKtv4b68MhD/OVJVd+FPIePnRYCBCyzuVWNemO3tAhMlbMehz418RWGufqcATVaB6LblzRcFtBdwTqBqe9whkniCHvaILjolapSSUEsy8"
        "cw7QW3VQ7u+QGy+LoB5+7WdJ2OV19stypfrSn0DgEYQOP3ihmzCh7w3X7xcXddVnb3yB78miKgExfXN3p2AEx6R+MKTLLG8pUbyeN0G6sriXV91TDYoJlKzL"
        "88dYsQiWq+0DXeubrc9leJ+qsQKBgQDytdiZ0lEpHZrmVhFWkHFQwb63AHw3fcrfrY0Rfg/1FWE6BzmUnnk6xjSnxxhdO2y7aFtCkyTbA6SPev9XayH2C0zP"
        "1hvWijfqLl8PDjmxt3Giu3Z8RM75PiEbl8wmF1NboZA99KReX5WHY5LRAGFWnBhVp720U8DWVcorj6YnUwKBgQC74L8ovzY+HopmejAk7cimCjvl21eErOor"
        "cD47W+dJshH09tAyG6W/lEYQ7mle+AAefmE6kxKyu7lrywxI0lnOFX8DPMhFJOCN782lGfTd//atcgna/3+P1/Y5T8okaI8hdWlRaQmBTdnxJ/eMm397gv7u"
        "J+kfSg/tS8BXjAgg9QKBgGOLP5X/E3h4gvJbdGr7fO4xOEYYNdoQhqdsp8H34RWUujaxheU1heUcK7ZwSsbaO4M1jtBkRyZofRK30IgLEXe3NL69QtegAsTS"
        "Vfx3yiPgaAPlPPhExFqnJ68IeBtbT73yKpWug8eNDmfj5/A+Zq2+AaEH1h9ihmGh9/Qby3qvAoGAUcBAzdUuICef52mBq4AAUCeh2qnv0h5/orkrix65bHrc"
        "j3AaNcOMAunc9x8WoKlfO+WYHynB+B3xV/M5fDJzu1XlN55qMpQSVhCjthSuVS88wkod+bo1Yn0Befy7I86PgWqakj8XULl0fRf8AqXi+faNQUoCiYfrmEDf"
        "B/k5zEUCgYBBYUXXkpNgAQaxbyBs3CszAfay4L3eMFhszs1LFy2z1BqdRUlgh/h3ze3nXUbSi1egcJ0e7fNA5ZBamrc0gO/dqBS0rHbO0f6qj1GtPnFjJvLZ"
        "5dKxlHTbiXSRRuUXERq/Qf450JNX5BGnjkPIPys+ifelW0SdXCxx9N/i2gFPIw=="
    ),
}

ALICE = Person("alice", "")
BOB = Person("bob", "")
CAROL = Person("carol", PEER)
DAN = Person("dan", PEER)
MALLORY = Person("mallory", EVIL)
CAST = {person.username: person for person in (ALICE, BOB, CAROL, DAN, MALLORY)}
