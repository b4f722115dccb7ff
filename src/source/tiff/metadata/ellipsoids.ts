/** Radius of the equator in meters and inverse flattening, 0 of a sphere. */
export type Ellipsoid = readonly [semiMajor: number, inverseFlattening: number];

export const WGS84: Ellipsoid = [6_378_137, 298.257223563];

/** By their EPSG codes (EPSG Geodetic Parameter Dataset, as in PROJ 9.5). */
export const ELLIPSOIDS: ReadonlyMap<number, Ellipsoid> = new Map([
  [7001, [6377563.396, 299.3249646]], // Airy 1830
  [7002, [6377340.189, 299.3249646]], // Airy Modified 1849
  [7003, [6378160, 298.25]], // Australian National Spheroid
  [7004, [6377397.155, 299.1528128]], // Bessel 1841
  [7005, [6377492.018, 299.1528128]], // Bessel Modified
  [7006, [6377483.865, 299.1528128]], // Bessel Namibia
  [7007, [6378293.645208759, 294.26067636926064]], // Clarke 1858
  [7008, [6378206.4, 294.9786982138982]], // Clarke 1866
  [7009, [6378450.047548896, 294.97869716467716]], // Clarke 1866 Michigan
  [7010, [6378300.789, 293.4663155389811]], // Clarke 1880 (Benoit)
  [7011, [6378249.2, 293.4660212936269]], // Clarke 1880 (IGN)
  [7012, [6378249.145, 293.465]], // Clarke 1880 (RGS)
  [7013, [6378249.145, 293.4663077]], // Clarke 1880 (Arc)
  [7014, [6378249.2, 293.46598]], // Clarke 1880 (SGA 1922)
  [7015, [6377276.345, 300.8017]], // Everest 1830 (1937 Adjustment)
  [7016, [6377298.556, 300.8017]], // Everest 1830 (1967 Definition)
  [7018, [6377304.063, 300.8017]], // Everest 1830 Modified
  [7019, [6378137, 298.257222101]], // GRS 1980
  [7020, [6378200, 298.3]], // Helmert 1906
  [7021, [6378160, 298.247]], // Indonesian National Spheroid
  [7022, [6378388, 297]], // International 1924
  [7024, [6378245, 298.3]], // Krassowsky 1940
  [7025, [6378145, 298.25]], // NWL 9D
  [7027, [6376523, 308.64]], // Plessis 1817
  [7028, [6378298.3, 294.73]], // Struve 1860
  [7029, [6378300, 296]], // War Office
  [7030, [6378137, 298.257223563]], // WGS 84
  [7031, [6378137, 298.257223563]], // GEM 10C
  [7032, [6378136.2, 298.257223563]], // OSU86F
  [7033, [6378136.3, 298.257223563]], // OSU91A
  [7034, [6378249.144808011, 293.46630765563646]], // Clarke 1880
  [7035, [6371000, 0]], // Sphere
  [7036, [6378160, 298.247167427]], // GRS 1967
  [7041, [6378135, 298.257]], // Average Terrestrial System 1977
  [7042, [6377299.36559538, 300.8017255433549]], // Everest (1830 Definition)
  [7043, [6378135, 298.26]], // WGS 72
  [7044, [6377301.243, 300.8017255]], // Everest 1830 (1962 Definition)
  [7045, [6377299.151, 300.8017255]], // Everest 1830 (1975 Definition)
  [7046, [6377483.865280419, 299.1528128]], // Bessel Namibia (GLM)
  [7047, [6370997, 0]], // GRS 1980 Authalic Sphere
  [7048, [6371007, 0]], // GRS 1980 Authalic Sphere
  [7049, [6378140, 298.257]], // IAG 1975
  [7050, [6378160, 298.25]], // GRS 1967 Modified
  [7051, [6377019.27, 300]], // Danish 1876
  [7052, [6370997, 0]], // Clarke 1866 Authalic Sphere
  [7053, [6378270, 297]], // Hough 1960
  [7054, [6378136, 298.257839303]], // PZ-90
  [7055, [6378306.3696, 293.4663076556355]], // Clarke 1880 (international foot)
  [7056, [6377295.664, 300.8017]], // Everest 1830 (RSO 1969)
  [7057, [6371228, 0]], // International 1924 Authalic Sphere
  [7058, [6378273, 298.279411123064]], // Hughes 1980
  [7059, [6378137, 0]], // Popular Visualisation Sphere
]);
