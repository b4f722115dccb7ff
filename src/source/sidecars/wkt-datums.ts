/**
 * Names of datums by the EPSG code of the geographic system that counts on them: those whose shift to WGS 84 is known, by EPSG's names and Esri's (PROJ 9.5),
 * in small letters and digits alone. Systems that are WGS 84 within a meter stand first.
 */
const TABLE = `
4326:wgs1984,worldgeodeticsystem1984 4269:northamerican1983,northamericandatum1983
4258:etrs1989,europeanterrestrialreferencesystem1989
4121:ggrs1987,greekgeodeticreferencesystem1987 4123:kartastokoordinaattijarjestelma1966,kkj
4124:riketskoordinatsystem1990,rt1990 4127:tete 4129:observatario 4131:indian1960 4132:fd1958,finaldatum1958
4133:estonia1992 4134:pdo1993,pdosurveydatum1993 4135:oldhawaiian 4139:puertorico 4141:israel,israel1993
4142:locodjo1965 4143:abidjan1987 4144:kalianpur1937 4145:kalianpur1962 4146:kalianpur1975 4147:hanoi1972
4149:ch1903 4153:rassadiran 4154:european1950ed77,europeandatum19501977 4155:dabola1981
4156:sjtsk,systemoftheunifiedtrigonometricalcadastralnetwork 4158:naparima1955
4159:europeanlibyan1979,europeanlibyandatum1979 4160:chosmalal1914 4161:pampadelcastillo 4162:koreandatum1985
4164:southyemen 4165:bissau 4168:accra 4169:americansamoa1962 4175:sierraleone1968
4178:pulkovo194283,pulkovo1942adj1983 4179:pulkovo194258,pulkovo1942adj1958 4181:luxembourgreferenceframe
4182:azoresoccidentalislands1939 4183:azorescentralislands1948 4184:azoresorientalislands1940 4188:osni1952
4191:albanian1987 4192:douala1948 4193:manoca1962 4194:qoornoq1927,qornoq1927 4195:scoresbysund1952
4196:ammassalik1958 4197:garoua 4198:kousseri 4200:pulkovo1995 4201:adindan
4202:australian1966,australiangeodeticdatum1966 4203:australian1984,australiangeodeticdatum1984
4204:ainelabd1970 4205:afgooye 4207:lisbon,lisbon1937 4208:aratu 4209:arc1950 4210:arc1960 4211:batavia
4212:barbados1938 4213:beduaram 4214:beijing1954 4216:bermuda1957 4218:bogota,bogota1975 4219:bukitrimpah
4220:camacupa,camacupa1948 4221:campoinchauspe 4222:cape 4223:carthage 4224:chua
4225:corregoalegre,corregoalegre197072 4227:deirezzor 4229:egypt1907 4230:european1950,europeandatum1950
4231:european1987,europeandatum1987 4232:fahud 4236:hutzushan,hutzushan1950
4237:hungarian1972,hungariandatum1972 4238:indonesian1974,indonesiandatum1974 4239:indian1954 4240:indian1975
4242:jamaica1969 4244:kandawala 4245:kertau,kertau1968 4246:kuwaitoilcompany 4247:lacanoa
4248:provisionalsamerican1956,provisionalsouthamericandatum1956 4250:leigon 4251:liberia1964 4253:luzon1911
4254:hitoxviii1963 4255:heratnorth 4256:mahe1971 4257:makassar 4259:malongo1987 4261:merchich 4262:massawa
4263:minna 4265:montemario 4266:mporaloko 4267:northamerican1927,northamericandatum1927 4270:nahrwan1967
4271:naparima1972 4272:newzealand1949,newzealandgeodeticdatum1949 4273:ngo1948 4274:datum73
4275:nouvelletriangulationfrancaise,ntf 4277:ordnancesurveyofgreatbritain1936,osgb1936 4281:palestine1923
4282:congo1960pointenoire,pointenoire 4284:pulkovo1942 4285:qatar,qatar1974 4289:amersfoort 4292:sapperhill1943
4293:schwarzeck 4297:tananarive1925 4298:timbalai1948 4299:tm65 4300:geodeticdatumof1965,tm75 4301:tokyo
4302:trinidad1903 4304:voirol1875 4307:nordsahara1959 4309:yacare 4310:yoff 4311:zanderij
4312:mgi,militargeographischeinstitut 4313:belge1972,reseaunationalbelge1972 4314:deutscheshauptdreiecksnetz
4315:conakry1905 4316:dealulpiscului1930,dealulpiscului1933 4318:nationalgeodeticnetwork,ngn 4319:kuwaitutility
4322:wgs1972,worldgeodeticsystem1972 4324:wgs1972be,wgs72transitbroadcastephemeris 4475:cadastre1997
4601:antigua1943 4602:dominica1945 4603:grenada1953 4604:montserrat1958 4605:stkitts1955 4606:stlucia1955
4607:stvincent1945 4611:hongkong1980 4613:gunungsegara 4614:qatarnationaldatum1995,qnd1995 4615:portosanto1936
4616:selvagemgrande,selvagemgrande1938 4617:nad83canadianspatialreferencesystem,northamerican1983csrs
4618:southamerican1969,southamericandatum1969 4620:point58 4621:fortmarigot 4622:guadeloupe1948,sainteanne
4623:centrespatialguyanais1967,csg1967 4625:fortdesaix,martinique1938 4626:reunion1947 4628:tahiti1952,tahiti52
4629:tahaa1954,tahaa54 4630:ign72nukuhiva 4632:combani1950 4633:ign56lifou 4636:petrels1972
4637:pointegeologieperroud1950 4638:saintpierreetmiquelon1950 4639:mop78 4641:ign53mare 4642:st84iledespins
4643:st71belep 4644:nea74noumea 4646:grandcomoros 4657:reykjavik1900 4658:hjorsey1955 4660:helle1954
4662:ign72grandeterre 4663:portosanto1995 4664:azoresorientalislands1995 4665:azorescentralislands1995
4666:lisbon1890 4668:european1979,europeandatum1979 4672:chathamisland1971,chathamislandsdatum1971
4673:chathamislands1979,chathamislandsdatum1979 4676:vientiane1982 4678:laonationaldatum1997 4679:jouik1961
4680:nouakchott1965 4682:gulshan303 4683:philippinereferencesystem1992 4684:gan1970 4688:fatuiva1972,fatuiva72
4689:ign63hivaoa 4690:tahiti1979,tahiti79 4691:moorea1987,moorea87 4692:maupiti1983,maupiti83 4693:nakhleghanem
4695:katanga1955 4698:ign1962kerguelen,kerguelenisland1949 4699:lepouce1934
4701:institutgeographiqueducongobelge1955 4705:mhastoffshore 4706:egyptgulfofsuezs650tl 4707:ternisland1961
4708:anna11965,cocosislands1965 4709:beacone1945,iwojima1945 4710:astrodos71,dos714
4711:astro1952,marcusisland1952 4712:ascensionisland1958 4713:ayabelle,ayabellelighthouse
4714:bellevue,bellevueign 4715:camparea,campareaastro 4716:canton1966,phoenixislands1966 4717:capecanaveral
4718:solomon1968 4719:easterisland1967 4720:fiji1986,fijigeodeticdatum1986 4721:fiji1956
4722:ists0611968,southgeorgia1968 4723:grandcayman1959,grandcaymangeodeticdatum1959
4724:diegogarcia1969,ists0731969 4725:johnstonisland1961 4726:littlecayman1961,sisterislandsgeodeticdatum1961
4727:midway1961 4728:picodelasnieves,picodelasnieves1984 4729:pitcairn1967 4730:santo1965,santodos1965
4732:marshallislands1960,wakeeniwetok1960 4733:wakeisland1952 4734:tristan1968 4735:kusaie1951
4736:deceptionisland 4739:hongkong196367 4740:parametropzemp1990,parametryzemli1990 4741:faroedatum1954
4743:karbala1979,karbala1979polservice 4744:nahrwan1934 4748:vanualevu1915 4750:st87ouvea 4751:kertaurso
4752:vitilevu1912 4754:libyangeodeticdatum2006 4756:vietnam2000
5228:sjtsk05,systemoftheunifiedtrigonometricalcadastralnetwork05 5233:srilankadatum1999 5451:ocotepeque1935
5527:southamericandatum196996 5561:ukraine2000 5681:deutschebahnreferencesystem 6207:nepal1981,nepalnagarkot
6311:cyprusgeodeticreferencesystem1993 6881:aden1925 6882:bekaavalley1920 6883:bioko 6892:southeastisland1943
6894:gambia 6990:ig0512intermediatedatum,ig052012intermediatedatum
8351:sjtskjtsk03,systemoftheunifiedtrigonometricalcadastralnetworkjtsk03 8428:macao1920 8694:camacupa2015
9248:tapiaike 9251:ministeriodemarinanorte 9253:ministeriodemarinasur
9333:kingdomofsaudiarabiageodeticreferenceframe2017 9403:picodelasnieves1968
`;

const CODES: ReadonlyMap<string, string> = new Map(
  TABLE.trim()
    .split(/\s+/)
    .flatMap((entry) => {
      const [code = "", names = ""] = entry.split(":");
      return names.split(",").map((name) => [name, `EPSG:${code}`] as const);
    }),
);

/** The geographic system of a datum by its name: `D_Tokyo`, `Tokyo`. Null: it is not known. */
export function systemOfDatum(name: string): string | null {
  const plain = name
    .toLowerCase()
    .replace(/^d_/, "")
    .replaceAll(/[^a-z0-9]/g, "");
  return CODES.get(plain) ?? null;
}
