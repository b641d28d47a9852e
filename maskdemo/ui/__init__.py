"""What pages share: the one folder of the package that may import Streamlit."""
